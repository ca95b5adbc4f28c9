// #region connect
/** open opens a subscription in an EventSource. A ticket in its URL, for one use, stands for the token. */
export async function open(url, token, { query, variables }, next) {
  const response = await fetch(new URL('/ticket', url), {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  });
  if (!response.ok) throw new Error(await response.text());
  const { ticket } = await response.json();
  const source = new EventSource(`${url}?${new URLSearchParams({ ticket, query, variables: JSON.stringify(variables) })}`);
  source.addEventListener('next', ({ data }) => next(JSON.parse(data)));
  source.addEventListener('complete', () => source.close());
  return source;
}
// #endregion connect
