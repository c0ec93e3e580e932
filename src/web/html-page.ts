/** The HTML around what a page shows: its head, its heading, and the place of its notices. */
export interface PageParts {
  readonly title: string;
  /** Name of the module that fills the page: /page/NAME.js */
  readonly script: string;
  /** HTML, as `status` is: the heading behind the icon, and lines beside it. */
  readonly heading: string;
  readonly status: string;
  /** Where the same data is for who has no JavaScript. */
  readonly dataAt: string;
}

/** A whole document around `content`, the HTML of its body's end. */
export function htmlPage({ title, script, heading, status, dataAt }: PageParts, content: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="/page/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/page/style.css">
<script type="module" src="/page/${script}.js"></script>
</head>
<body>
<header class="top">
  <h1><img src="/page/icon.svg" alt="" width="28" height="28"> ${heading}</h1>
${status}
</header>
<p id="notice" class="notice" role="alert" hidden></p>
<noscript><p class="notice">This page needs JavaScript. The same data is at ${dataAt}.</p></noscript>
${content}
</body>
</html>
`;
}
