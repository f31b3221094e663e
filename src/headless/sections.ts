/** Text between two comments that name it, within a Markdown file whose other parts other commands write. */
const begin = (name: string): string => `<!-- ${name} -->`;
const end = (name: string): string => `<!-- /${name} -->`;

/** `text` with the section of that name set to `content`; at its end, where it has none yet. */
export function withSection(text: string, name: string, content: string): string {
  const section = `${begin(name)}\n${content.trim()}\n${end(name)}\n`;
  const [from, to] = [text.indexOf(begin(name)), text.indexOf(end(name))];
  if (from < 0 || to < from) return text.trim() === '' ? section : `${text.trimEnd()}\n\n${section}`;
  return `${text.slice(0, from)}${section}${text.slice(to + end(name).length).replace(/^\n/, '')}`;
}

/** `text` with every section that `before` has and `text` has not. */
export function withSectionsOf(before: string, text: string): string {
  const sections = [...before.matchAll(/<!-- ([\w-]+) -->\n([^]*?)\n<!-- \/\1 -->/g)];
  return sections.reduce((now, [, name, content]) => (now.includes(begin(name)) ? now : withSection(now, name, content)), text);
}
