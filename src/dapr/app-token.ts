// The token by which a sidecar shows an app who it is (APP_API_TOKEN of daprd; its health checks and questions have none over gRPC).

export interface AppToken {
  readonly text: string
  /** Whether it goes on to the function, which looks for it as well. If not, it ends here. */
  readonly goesOn: boolean
}

/** The header field, or key of metadata, that it comes in. */
export const tokenField = 'dapr-api-token'

/** What a message brings under that name; `fields` is a flat list of names and values. */
export const tokensOf = (fields: readonly string[]): string[] =>
  fields.filter((_text, i) => i % 2 === 1 && isTokenField(fields[i - 1] as string))

export const withoutTokens = (fields: readonly string[]): string[] =>
  fields.filter((_text, i) => !isTokenField(fields[i - (i % 2)] as string))

const isTokenField = (name: string): boolean => name.length === tokenField.length && name.toLowerCase() === tokenField

/** True if there is at least one, and each is the token. How long it takes tells nothing but the lengths. */
export function isToken(expected: string, brought: readonly string[]): boolean {
  let difference = brought.length === 0 ? 1 : 0
  for (const each of brought) {
    difference |= each.length ^ expected.length
    for (let i = 0; i < each.length; i += 1) difference |= each.charCodeAt(i) ^ expected.charCodeAt(i % expected.length)
  }
  return difference === 0
}
