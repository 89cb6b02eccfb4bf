// Attackers as a process of their own: node --import tsx attacker.ts <port> <attack> <attackers> <pause in milliseconds>.
// Each makes a new connection when its last one has been ended. They work from a line on standard input until the next one.

import { createInterface } from 'node:readline'
import { attack, attacks } from '../h2/attack-list.ts'

const [port, name, count, pauseMs] = process.argv.slice(2)
const chosen = attacks.find((each) => each.name === name)
if (chosen === undefined) throw new Error(`no attack ${name}`)

let isAtWork = false
createInterface(process.stdin).on('line', () => {
  isAtWork = !isAtWork
})

async function attackOnAndOn(): Promise<void> {
  for (;;) {
    if (isAtWork && chosen !== undefined) {
      const socket = await attack(Number(port), chosen)
      process.stdout.write('.')
      socket.destroy()
    }
    await new Promise((resolve) => setTimeout(resolve, Number(pauseMs)))
  }
}
for (let i = 0; i < Number(count); i += 1) attackOnAndOn()
process.stdout.write('ready')
