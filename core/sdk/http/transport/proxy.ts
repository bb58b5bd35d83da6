import { BlockList, isIP } from 'node:net';

/** Which proxy an address is reached through; undefined: none. */
export type ProxyChoice = (url: URL) => URL | undefined;

/**
 * Chooses proxies: the option's for every address, else those of the environment, as curl and Go read it: `HTTPS_PROXY`, `HTTP_PROXY`
 * (or in small letters), and `NO_PROXY` with what goes directly. This machine itself is never reached through a proxy of the
 * environment, and a link-local address through none at all.
 *
 * @throws Error naming the variable that is no address of an HTTP proxy
 */
export function proxyChoice(
  option: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): ProxyChoice {
  if (option !== undefined) {
    const proxy = new URL(option);
    return (url) => (isLinkLocal(url) ? undefined : proxy);
  }
  const secure = fromVariable('https_proxy', environment);
  const plain = fromVariable('http_proxy', environment);
  if (secure === undefined && plain === undefined) return () => undefined;
  const isDirect = exceptions(environment.no_proxy || environment.NO_PROXY || '');
  return (url) => {
    if (isLinkLocal(url) || isDirect(url)) return undefined;
    return url.protocol === 'https:' ? secure : plain;
  };
}

/** Such an address is this machine's own, as those of the metadata services of clouds are: no proxy leads there. */
function isLinkLocal({ hostname }: URL): boolean {
  return hostname.startsWith('169.254.') && isIP(hostname) === 4;
}

function fromVariable(
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
): URL | undefined {
  const found = [name, name.toUpperCase()].find((one) => environment[one]);
  if (found === undefined) return undefined;
  const text = environment[found]!;
  const address = /^[a-z0-9]+:\/\//i.test(text) ? text : `http://${text}`;
  // The value stays out of the message: it may hold a password.
  if (!URL.canParse(address) || !address.startsWith('http://'))
    throw new Error(
      `the environment variable ${found} is not the address of an HTTP proxy (http://host:port)`,
    );
  return new URL(address);
}

/** `NO_PROXY`: names with all below them, `.example.com` for those below only, addresses, networks, `*`; each with a port or without. */
function exceptions(list: string): (url: URL) => boolean {
  const entries = list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .map((entry) => entry.toLowerCase());
  const networks = new BlockList();
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/');
    const version = isIP(address);
    if (prefix !== undefined && version !== 0)
      networks.addSubnet(address, Number(prefix), `ipv${version as 4 | 6}`);
  }
  return (url) => {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const version = isIP(host);
    if (host === 'localhost' || host === '::1' || (version === 4 && host.startsWith('127.'))) return true;
    if (version !== 0 && networks.check(host, `ipv${version as 4 | 6}`)) return true;
    const port = url.port || (url.protocol === 'https:' ? '443' : '80');
    return entries.some((entry) => {
      if (entry === '*') return true;
      const [, name = entry, only] = /^\[?([^[\]]*?)\]?:(\d+)$/.exec(isIP(entry) === 6 ? '' : entry) ?? [];
      if (only !== undefined && only !== port) return false;
      return name.startsWith('.') ? host.endsWith(name) : host === name || host.endsWith(`.${name}`);
    });
  };
}
