// Quantities as Kubernetes stores them: the largest unit in which they are a whole number.
// Source: apimachinery pkg/api/resource, Quantity.CanonicalizeBytes.

const shape = /^([+-]?)(\d*)(?:\.(\d*))?(?:(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)|[eE]([+-]?\d{1,2}))?$/
const decimal = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'] as const
const binary = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'] as const

/** Nothing is smaller than a nano, and what is less is rounded up. */
const nano = 10n ** 9n

/** Characters of a quantity. The API server caps the value at 2^63; a million digits would only cost time. */
const longest = 64

/** True for what the API server takes for a quantity; it refuses negative ones wherever we pass them on. */
export function isQuantity(value: unknown): boolean {
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text !== 'string' || text.length > longest) return false
  const [, sign = '-', whole = '', fraction = ''] = shape.exec(text) ?? []
  return sign !== '-' && whole + fraction !== ''
}

/** A number becomes text. What is no quantity, or is written with an exponent, stays as it is: the API server judges it. */
export function canonicalQuantity(value: unknown): unknown {
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text !== 'string') return text
  const [, sign = '', whole = '', fraction = '', unit = '', exponent] = shape.exec(text) ?? []
  if (whole + fraction === '' || exponent !== undefined || sign === '-') return text
  const isBinary = unit.endsWith('i')
  const factor = isBinary ? 1024n ** BigInt(binary.indexOf(unit as 'Ki')) * nano : 1000n ** BigInt(place(unit))
  const nanos = roundedUp(BigInt(whole + fraction) * factor, 10n ** BigInt(fraction.length))
  // Below 1,024 a binary quantity is written as a decimal one.
  if (isBinary && nanos >= 1024n * nano) return inUnits(roundedUp(nanos, nano), 1024n, binary)
  return inUnits(nanos, 1000n, decimal)
}

const place = (unit: string): number => decimal.indexOf(unit as '')

const roundedUp = (value: bigint, divisor: bigint): bigint => (value + divisor - 1n) / divisor

function inUnits(value: bigint, step: bigint, units: readonly string[]): string {
  if (value === 0n) return '0'
  let [rest, index] = [value, 0]
  while (index < units.length - 1 && rest % step === 0n) {
    rest /= step
    index += 1
  }
  return `${rest}${units[index]}`
}
