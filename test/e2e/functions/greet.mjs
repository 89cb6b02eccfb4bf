// A sync function that answers every request with who it is.
const { POD_NAME = 'nobody', IMAGE_VERSION = '', GREETING = 'hello' } = process.env

export function handler(_request, response) {
  response.status(200).json({ greeting: GREETING, replica: POD_NAME, version: IMAGE_VERSION })
}
