/** The part of pino's logger that the framework and its plugins use: an object of details, then a sentence. */
export interface Logger {
  debug(details: object, message: string): void;
  debug(message: string): void;
  info(details: object, message: string): void;
  info(message: string): void;
  warn(details: object, message: string): void;
  warn(message: string): void;
  error(details: object, message: string): void;
  error(message: string): void;
}
