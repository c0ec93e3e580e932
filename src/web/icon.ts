/** Three records of a log, the newest one lit. */
export const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="7" fill="#0f3d6e"/>
<rect x="6" y="8" width="12" height="4" rx="2" fill="#9cc4ee"/>
<rect x="6" y="14" width="16" height="4" rx="2" fill="#c9dff6"/>
<rect x="6" y="20" width="20" height="4" rx="2" fill="#ffd166"/>
</svg>
`;
