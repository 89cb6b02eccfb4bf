import { describe, expect, test } from 'vitest'
import { parseRunOptions } from './run-options.ts'

const parse = (line: string, daprd?: string) => parseRunOptions(line.split(' ').filter(Boolean), daprd)

describe('parseRunOptions', () => {
  test('reads every option', () => {
    const line =
      'a.yaml b.yaml --replicas 2 --for 10s --rate 50 --source x=./x.js#go --source y=y.js --daprd=/opt/daprd'

    expect(parse(line)).toEqual({
      kind: 'run',
      options: {
        files: ['a.yaml', 'b.yaml'],
        replicas: 2,
        forMs: 10_000,
        rate: 50,
        sources: new Map([
          ['x', './x.js#go'],
          ['y', 'y.js'],
        ]),
        daprd: '/opt/daprd',
      },
    })
  })

  test('a file is enough', () => {
    expect(parse('a.yaml')).toEqual({ kind: 'run', options: { files: ['a.yaml'], rate: 0, sources: new Map() } })
  })

  test.each([
    ['--daprd a.yaml', undefined, 'daprd'],
    ['a.yaml', '/opt/daprd', '/opt/daprd'],
    ['a.yaml --daprd=/mine', '/opt/daprd', '/mine'],
  ])('%s with DAPRD %s runs %s', (line, variable, daprd) => {
    expect(parse(line, variable)).toMatchObject({ options: { files: ['a.yaml'], daprd } })
  })

  test.each([
    ['', 'no file is given'],
    ['a.yaml --replicas 0', '--replicas is "0"; give a whole number from 1 to 100'],
    ['a.yaml --for soon', '--for is "soon"; give a duration such as 10s'],
    ['a.yaml --rate -1', '--rate'],
    ['a.yaml --source x', '--source is "x"; give NAME=./fn.js#target'],
    ['a.yaml --nope', '--nope'],
  ])('"%s" is wrong: %s', (line, message) => {
    expect(parse(line)).toMatchObject({ kind: 'wrong', message: expect.stringContaining(message) })
  })

  test('--help wins', () => {
    expect(parse('--help')).toEqual({ kind: 'help' })
  })
})
