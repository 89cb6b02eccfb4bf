// Figures as a table of plain text, or of Markdown for the page that is committed.
export type Row = Readonly<Record<string, string | number>>

export function textTable(rows: readonly Row[]): string {
  const { columns, cells } = layout(rows)
  const widths = columns.map((column, index) =>
    Math.max(...[column, ...cells.map((row) => row[index] ?? '')].map((text) => text.length)),
  )
  const line = (row: readonly string[]) =>
    `  ${row.map((text, index) => text.padEnd(widths[index] ?? 0)).join('  ')}`.trimEnd()
  return [columns, ...cells].map(line).join('\n')
}

export function markdownTable(rows: readonly Row[]): string {
  const { columns, cells } = layout(rows)
  const line = (row: readonly string[]) => `| ${row.join(' | ')} |`
  return [line(columns), line(columns.map(() => '---')), ...cells.map(line)].join('\n')
}

function layout(rows: readonly Row[]) {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const cells = rows.map((row) => columns.map((column) => String(row[column] ?? '')))
  return { columns, cells }
}
