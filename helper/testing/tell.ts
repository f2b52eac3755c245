/** A line that whoever runs the tests shall see: a count, a figure. */
export function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}
