/** The regions of AWS, by what they begin with. One that is not here may be newer than this list. */
const REGIONS: Readonly<Record<string, string>> = {
  af: 'south-1',
  ap: 'east-1 east-2 northeast-1 northeast-2 northeast-3 south-1 south-2 southeast-1 southeast-2 southeast-3 southeast-4 southeast-5 southeast-6 southeast-7',
  ca: 'central-1 west-1',
  cn: 'north-1 northwest-1',
  eu: 'central-1 central-2 isoe-west-1 north-1 south-1 south-2 west-1 west-2 west-3',
  eusc: 'de-east-1',
  il: 'central-1',
  me: 'central-1 south-1 west-1',
  mx: 'central-1',
  sa: 'east-1 west-1',
  us: 'east-1 east-2 gov-east-1 gov-west-1 iso-east-1 iso-west-1 isob-east-1 isob-west-1 isof-east-1 isof-south-1 west-1 west-2',
};

/** The names of the regions of AWS, as in `eu-central-1`. */
export const AWS_REGIONS: readonly string[] = Object.entries(REGIONS).flatMap(([begin, names]) =>
  names.split(' ').map((name) => `${begin}-${name}`),
);
