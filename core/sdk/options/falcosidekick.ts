/**
 * A key of Falcosidekick's configuration that an option replaces, in the member `falcosidekick` of its schema. The error for the
 * key names the option, and `docs/falcosidekick-keys.md` lists it. Use a text where the value stays the same, and an object where
 * it is inverted, has another unit or is written in another way: copied unchanged, such a value would mean something else.
 *
 * @example
 * Type.String({ description: 'Another channel.', falcosidekick: ['slack.channel'] })
 * Type.Boolean({ description: 'Do not verify.', falcosidekick: [{ key: 'checkcert', inverted: true }] })
 * duration({ description: 'How long it lasts.', falcosidekick: [{ key: 'alertmanager.expiresafter', unit: 's' }] })
 */
export type FalcosidekickKey =
  | string
  | {
      /** With its sections, in small letters: `slack.webhookurl`. A key without a section is one of every output. */
      readonly key: string;
      /** A boolean whose `true` is `false` here. */
      readonly inverted?: boolean;
      /** The unit that its numbers are in, as it is written behind a number here: `s`, `ms`, `MiB`. */
      readonly unit?: string;
      /** How it is written here, where neither of these says it. Its value stands in it as a word in capitals. */
      readonly written?: string;
    };
