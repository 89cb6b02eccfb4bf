// Attackers as a process of their own: node --import tsx attacker.ts <attack> <attackers> <pause in milliseconds>.
// Each makes a new connection when its last one has been ended. A line on standard input names the port that they attack from
// then on, or 0 for a rest; each connection that is over is told in one byte.

import { createInterface } from 'node:readline'
import { attack, attacks } from '../h2/attack-list.ts'

const [name, count, pauseMs] = process.argv.slice(2)
const chosen = attacks.find((each) => each.name === name)
if (chosen === undefined) throw new Error(`no attack ${name}`)

let port = 0
createInterface(process.stdin).on('line', (line) => {
  port = Number(line)
})

async function attackOnAndOn(): Promise<void> {
  for (;;) {
    if (port > 0 && chosen !== undefined) {
      const socket = await attack(port, chosen)
      process.stdout.write('.')
      socket.destroy()
    }
    await new Promise((resolve) => setTimeout(resolve, Number(pauseMs)))
  }
}
for (let i = 0; i < Number(count); i += 1) attackOnAndOn()
process.stdout.write('ready')
