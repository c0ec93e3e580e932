/** What every view shows of the service: its status, its lag, and the samples of the last hour, asked for once for all of them. */
import { createContext } from 'preact';
import { useContext, useEffect, useRef } from 'preact/hooks';
import type { LagRow } from '../../log/lag.js';
import type { DataQualityDocument, StatusDocument } from '../../service/application.js';
import type { Polled } from './polling.js';
import { NOTHING_ASKED } from './polling.js';
import { addSample, sampleOf, samplesIn, type Sample } from './samples.js';
import { usePolled } from './use-polled.js';

export interface Service {
  readonly status: Polled<StatusDocument>;
  readonly lag: Polled<readonly LagRow[]>;
  readonly quality: Polled<DataQualityDocument>;
  readonly samples: readonly Sample[];
}

const KEY = 'tipstream-samples';
/** Each answer reads up to 500 records of each topic. */
const QUALITY_SECONDS = 10;

export const ServiceContext = createContext<Service>({ status: NOTHING_ASKED, lag: NOTHING_ASKED, quality: NOTHING_ASKED, samples: [] });

export const useService = (): Service => useContext(ServiceContext);

/** For the outermost element. */
export function usePolledService(): Service {
  const status = usePolled<StatusDocument>('/v1/status');
  const lag = usePolled<readonly LagRow[]>('/v1/lag');
  const quality = usePolled<DataQualityDocument>('/v1/data-quality', { atLeastSeconds: QUALITY_SECONDS });
  const samples = useRef<readonly Sample[]>([]);
  const last = useRef(0);
  if (samples.current.length === 0) samples.current = samplesIn(stored(), Date.now());
  if (lag.document !== undefined && lag.error === undefined && lag.answeredAtMs !== last.current) {
    last.current = lag.answeredAtMs!;
    samples.current = addSample(samples.current, sampleOf(lag.document, last.current));
  }
  useEffect(() => {
    const keep = () => store(samples.current);
    addEventListener('pagehide', keep);
    return () => removeEventListener('pagehide', keep);
  }, []);
  return { status, lag, quality, samples: samples.current };
}

function stored(): string | null {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function store(samples: readonly Sample[]): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(samples));
  } catch {
    // storage is switched off: the hour begins anew with the next page
  }
}
