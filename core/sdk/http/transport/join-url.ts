/**
 * Joins a path to the address of a destination. The path of the address is kept, as is its query.
 *
 * @param path begins with `/`, may have a query; `''` is the address itself
 * @example joinUrl('https://example.com/api/?key=1', '/events?format=json').href // 'https://example.com/api/events?key=1&format=json'
 */
export function joinUrl(base: string, path: string): URL {
  const url = new URL(base);
  if (path === '') return url;
  const mark = path.indexOf('?');
  const [pathname, query] = mark < 0 ? [path, ''] : [path.slice(0, mark), path.slice(mark + 1)];
  url.pathname = url.pathname.replace(/\/+$/, '') + pathname;
  const parameters = [url.search.slice(1), query].filter(Boolean).join('&');
  url.search = parameters === '' ? '' : `?${parameters}`;
  url.hash = '';
  return url;
}
