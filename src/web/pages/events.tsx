/** The way to a record: by topic, partition and offset. */
import { useRef } from 'preact/hooks';
import { goingTo } from '../state/address.js';
import { useNavigation } from '../state/location.js';
import { useService } from '../state/use-service.js';
import { DataTable, type Column } from '../view/data-table.js';
import { LogIsAway } from '../view/log-is-away.js';
import { RecordLink, recordPath } from '../view/record-link.js';
import { Answer, Card } from '../view/small.js';

export default function Events() {
  const { address, go } = useNavigation();
  const { lag } = useService();
  const form = useRef<HTMLFormElement>(null);
  const open = (event: Event) => {
    event.preventDefault();
    const given = new FormData(form.current!);
    const [topic, partition, offset] = ['topic', 'partition', 'offset'].map((name) => String(given.get(name)));
    go(goingTo(address, recordPath({ topic: topic!, partition: Number(partition), offset: Number(offset) })));
  };
  return (
    <div class="stack">
      <Card title="Find a record">
        <form ref={form} class="filter" onSubmit={open}>
          <div>
            <label for="topic">Topic</label>
            <input id="topic" name="topic" required autocomplete="off" spellcheck={false} />
          </div>
          <div>
            <label for="partition">Partition</label>
            <input id="partition" name="partition" required inputMode="numeric" pattern="[0-9]{1,15}" />
          </div>
          <div>
            <label for="offset">Offset</label>
            <input id="offset" name="offset" required inputMode="numeric" pattern="[0-9]{1,15}" />
          </div>
          <button type="submit">Show</button>
        </form>
      </Card>
      <Card title="The newest records">
        <LogIsAway />
        <Answer of={lag}>
          {(rows) => (
            <DataTable
              label="The newest records"
              columns={NEWEST}
              rows={rows.map(({ topic, partition, log_end_offset: end }) => ({ topic, partition, end }))}
              keyOf={({ topic, partition }) => `${topic} ${partition}`}
              empty="No partition is assigned to this process."
            />
          )}
        </Answer>
      </Card>
    </div>
  );
}

interface Newest {
  readonly topic: string;
  readonly partition: number;
  /** The offset that the next record will get. */
  readonly end: number;
}

const NEWEST: readonly Column<Newest>[] = [
  { name: 'topic', title: 'Topic', isHeader: true, cell: ({ topic }) => topic },
  { name: 'partition', title: 'Partition', kind: 'number', cell: ({ partition }) => partition },
  {
    name: 'record',
    title: 'Newest record',
    kind: 'id',
    cell: ({ topic, partition, end }) => (
      <RecordLink record={end === 0 ? null : { topic, partition, offset: end - 1 }} instead="none yet" />
    ),
  },
];
