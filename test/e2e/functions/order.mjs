// A sync function that publishes each order through Dapr's API, reached at DAPR_HOST like in any language.
const { DAPR_HOST, DAPR_HTTP_PORT = '3500', FUNC_CONTEXT = '{}' } = process.env
const { componentName, uri } = JSON.parse(FUNC_CONTEXT).outputs?.out ?? {}

export async function handler(request, response) {
  const url = `http://${DAPR_HOST}:${DAPR_HTTP_PORT}/v1.0/publish/${componentName}/${uri}`
  const { traceparent } = request.headers
  const published = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(traceparent === undefined ? {} : { traceparent }) },
    body: JSON.stringify(request.body ?? {}),
  })
  response.status(published.ok ? 200 : 502).json({ published: published.status })
}
