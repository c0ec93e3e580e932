/**
 * The page at / as the files a browser asks for. They are strings in modules, so that tsc alone builds them; the browser gets plain HTML,
 * CSS and ES modules, which load nothing from elsewhere.
 */
import { apiScript } from './api-script.js';
import { domScript } from './dom-script.js';
import { icon } from './icon.js';
import { lagScript } from './lag-script.js';
import { mainScript } from './main-script.js';
import { markup } from './markup.js';
import { partitionsScript } from './partitions-script.js';
import { policiesMarkup, policiesScript } from './policies-page.js';
import { profileScript } from './profile-script.js';
import { promptsScript } from './prompts-script.js';
import { scoresScript } from './scores-script.js';
import { layoutStyle } from './layout-style.js';
import { tableStyle } from './table-style.js';

export interface PageFile {
  readonly path: string;
  readonly contentType: string;
  readonly text: string;
}

const script = (name: string, text: string): PageFile => ({
  path: `/page/${name}.js`,
  contentType: 'text/javascript; charset=utf-8',
  text,
});

export const PAGE_FILES: readonly PageFile[] = [
  { path: '/', contentType: 'text/html; charset=utf-8', text: markup },
  { path: '/page/style.css', contentType: 'text/css; charset=utf-8', text: layoutStyle + tableStyle },
  { path: '/page/icon.svg', contentType: 'image/svg+xml', text: icon },
  { path: '/admin/policies', contentType: 'text/html; charset=utf-8', text: policiesMarkup },
  script('policies', policiesScript),
  script('prompts', promptsScript),
  script('main', mainScript),
  script('api', apiScript),
  script('dom', domScript),
  script('partitions', partitionsScript),
  script('scores', scoresScript),
  script('lag', lagScript),
  script('profile', profileScript),
];
