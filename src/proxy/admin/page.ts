// The page of the admin port: one file without a build step, sent with a policy that lets nothing else run.

import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'

export interface Page {
  readonly html: string
  /** For the header `content-security-policy`. */
  readonly policy: string
}

/** Reads it anew at each call; it lies beside this file, in `src` and in `dist`. */
export async function readPage(): Promise<Page> {
  const html = await readFile(new URL('./page.html', import.meta.url), 'utf8')
  return { html, policy: policyOf(html) }
}

/** Allows the script and the style of the page by their hashes, and asking this port for numbers. */
function policyOf(html: string): string {
  const source = (element: string) => {
    const [, text = ''] = new RegExp(`<${element}>([\\s\\S]*?)</${element}>`).exec(html) ?? []
    return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  }
  return [
    "default-src 'none'",
    `script-src ${source('script')}`,
    `style-src ${source('style')}`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}
