const cell = (text: string) => text.replaceAll("|", "\\|");
const tableRow = (cells: string[]) => `| ${cells.map(cell).join(" | ")} |`;

/** A table in Markdown, line by line. */
export const table = (heading: string[], rows: string[][]): string[] =>
  [heading, heading.map(() => "---"), ...rows].map(tableRow);
