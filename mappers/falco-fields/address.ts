import { isIP } from 'node:net';

/** Is it an IP address, and one without a zone (`fe80::1%eth0`), which neither OCSF nor ECS takes? */
export const isAddress = (text: string): boolean => isIP(text) !== 0 && !text.includes('%');
