/**
 * What each entry of a vector is made of and how it is normalised: for model cards and the admin page. Every entry is then rounded to
 * a multiple of 1/4096.
 */
export const INPUTS: Readonly<Record<string, { readonly from: string; readonly normalised: string }>> = {
  bias: { from: 'nothing', normalised: 'always 1' },
  is_overdue: { from: 'candidate', normalised: '0 or 1' },
  task_age: { from: 'candidate: task_age_days', normalised: 'min(days, 30) / 30' },
  priority: { from: 'candidate: priority 1 to 4', normalised: '(priority - 1) / 3' },
  hour_sin: { from: 'local hour of the request, 0 to 23', normalised: 'sin(2 pi h / 24)' },
  hour_cos: { from: 'local hour of the request, 0 to 23', normalised: 'cos(2 pi h / 24)' },
  weekend: { from: 'local day of the request', normalised: '1 on Saturday and Sunday, else 0' },
  completion_rate_30d: { from: 'profile', normalised: 'as it is; null is 0' },
  dismiss_rate_30d: { from: 'profile', normalised: 'as it is; null is 0' },
  mean_dwell_30d: { from: 'profile: mean_dwell_ms_30d', normalised: 'min(ms, 600000) / 600000; null is 0' },
  hour_from_preferred_cos: { from: 'profile: preferred_hour, and the local hour', normalised: 'cos(2 pi (h - preferred) / 24); null is 0' },
  tip_volume_30d: { from: 'profile', normalised: 'min(1, ln(1 + tips) / ln 101)' },
};
