// A short mark of a content: tells one from another, and nothing of what it says.

/** The same for the same content, in whatever order a user wrote its maps: that must not replace a pod. */
export const mark = (content: unknown): string => fnv1a(JSON.stringify(content, inOrder))

/** For JSON.stringify. */
function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** FNV-1a, 32 bits. */
function fnv1a(text: string): string {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}
