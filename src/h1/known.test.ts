import { expect, test } from 'vitest'
import { lasting, remembering } from './known.ts'

function counted() {
  const read: string[] = []
  const parseBytes = remembering((bytes, start, end) => {
    const text = bytes.toString('latin1', start, end)
    read.push(text)
    if (text.startsWith('!')) throw new Error('malformed')
    return { text, fields: text.split(' ') }
  })
  const parse = (text: string) => parseBytes(Buffer.from(`..${text}..`), 2, 2 + text.length)
  return { read, parse }
}

test('a head that comes again is read once, and another one of its length is another one', () => {
  const { read, parse } = counted()

  const texts = ['abc', 'abc', 'abd', 'abd', 'abc'].map((text) => parse(text).text)

  expect(texts).toEqual(['abc', 'abc', 'abd', 'abd', 'abc'])
  expect(read).toEqual(['abc', 'abd', 'abc'])
})

test('what cannot be read is refused each time', () => {
  const { read, parse } = counted()

  expect(() => parse('!a')).toThrow('malformed')
  expect(() => parse('!a')).toThrow('malformed')

  expect(read).toEqual(['!a', '!a'])
})

test('a long head is not kept', () => {
  const { read, parse } = counted()
  const long = 'a'.repeat(2000)

  parse(long)
  parse(long)

  expect(read).toHaveLength(2)
})

test.each(['dapr-api-token', 'Authorization', 'cookie', 'Set-Cookie'])('a head with %s is not kept', (name) => {
  const { read, parse } = counted()

  parse(`${name} x`)
  parse(`${name} x`)

  expect(read).toHaveLength(2)
})

test('what is made of a list is not made again while it is the same list, and never told of another one', () => {
  const asked: string[] = []
  const joined = lasting((fields) => {
    asked.push(fields.join(' '))
    return fields.join('+')
  })
  const list = ['Authorization', 'a']
  const other = ['Authorization', 'b']

  expect([list, list, other, [...list], list].map(joined)).toEqual([
    'Authorization+a',
    'Authorization+a',
    'Authorization+b',
    'Authorization+a',
    'Authorization+a',
  ])
  expect(asked).toEqual(['Authorization a', 'Authorization b', 'Authorization a', 'Authorization a'])
})
