/** What a card shows; see the options of the output. */
export interface Look {
  readonly show: 'all' | 'text' | 'facts';
  readonly all_fields: boolean;
  readonly activity_image?: string;
}
