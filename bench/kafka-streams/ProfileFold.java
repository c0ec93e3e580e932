import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * The peer: the same fold in Kafka Streams. Two topics, one processor, a store of tips (the earliest time of each kind of event) and a store of
 * users (the sums that the eight features are computed from), both RocksDB with a changelog and the default cache.
 *
 * It is given less to do than tipstream wherever the two cannot be the same: values are not validated beyond what the fold reads, nothing leaves the
 * window as time passes, no offsets are compared, and both stores hold compact binary values.
 *
 * Arguments: brokers, application id, state directory, topic of servings, topic of feedback, events, processing guarantee, threads.
 * Prints one JSON document. Counted: from the first moment all threads run, or the first record if that is earlier, to the last record folded; and to
 * the end of close(), when all is flushed and committed.
 */
public final class ProfileFold {
    private static final long WINDOW_MS = 30L * 86_400_000L;
    private static final long NONE = Long.MIN_VALUE;
    private static final AtomicLong folded = new AtomicLong();
    private static final AtomicLong firstNanos = new AtomicLong();
    private static final CountDownLatch finished = new CountDownLatch(1);

    public static void main(String[] args) throws Exception {
        String served = args[3];
        String feedback = args[4];
        long expected = Long.parseLong(args[5]);

        Topology topology = new Topology();
        topology.addSource("served", Serdes.String().deserializer(), Serdes.ByteArray().deserializer(), served);
        topology.addSource("feedback", Serdes.String().deserializer(), Serdes.ByteArray().deserializer(), feedback);
        topology.addProcessor("fold", () -> new Fold(served, expected), "served", "feedback");
        topology.addStateStore(store("tips"), "fold");
        topology.addStateStore(store("users"), "fold");

        Properties settings = new Properties();
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, args[1]);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, args[2]);
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, args[6]);
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, args[7]);
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");

        KafkaStreams streams = new KafkaStreams(topology, settings);
        streams.setStateListener((now, before) -> {
            if (now == KafkaStreams.State.RUNNING) firstNanos.compareAndSet(0, System.nanoTime());
            if (now == KafkaStreams.State.ERROR) finished.countDown();
        });
        streams.start();
        finished.await();
        long lastNanos = System.nanoTime();
        boolean whole = folded.get() >= expected;
        streams.close();
        long closedNanos = System.nanoTime();
        if (!whole) {
            System.err.println("Kafka Streams stopped after " + folded.get() + " records");
            System.exit(1);
        }
        System.out.printf("{\"events\": %d, \"took_ms\": %d, \"committed_ms\": %d, \"cpu_seconds\": %.2f, \"peak_rss_mib\": %s}%n",
            folded.get(), (lastNanos - firstNanos.get()) / 1_000_000, (closedNanos - firstNanos.get()) / 1_000_000,
            ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime() / 1e9, peakRssMib());
    }

    private static StoreBuilder<KeyValueStore<String, byte[]>> store(String name) {
        return Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(name), Serdes.String(), Serdes.ByteArray()).withCachingEnabled();
    }

    /** Linux tells; elsewhere null. */
    private static String peakRssMib() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
                if (line.startsWith("VmHWM:")) return String.valueOf(Long.parseLong(line.replaceAll("\\D", "")) / 1024);
            }
        } catch (IOException absent) {
            // no /proc
        }
        return "null";
    }

    private static final class Fold implements Processor<String, byte[], Void, Void> {
        private final ObjectMapper json = new ObjectMapper();
        private final String servedTopic;
        private final long expected;
        private ProcessorContext<Void, Void> context;
        private KeyValueStore<String, byte[]> tips;
        private KeyValueStore<String, byte[]> users;

        Fold(String servedTopic, long expected) {
            this.servedTopic = servedTopic;
            this.expected = expected;
        }

        @Override
        public void init(ProcessorContext<Void, Void> context) {
            this.context = context;
            tips = context.getStateStore("tips");
            users = context.getStateStore("users");
        }

        @Override
        public void process(Record<String, byte[]> record) {
            firstNanos.compareAndSet(0, System.nanoTime());
            try {
                fold(json.readTree(record.value()));
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
            if (folded.incrementAndGet() == expected) finished.countDown();
        }

        private void fold(JsonNode event) {
            String userId = event.get("user_id").textValue();
            // Prefixed by the user, as tipstream clusters a user's tips.
            String key = userId + '\0' + event.get("tip_id").textValue();
            byte[] stored = tips.get(key);
            Tip before = stored == null ? Tip.UNKNOWN : Tip.decode(stored);
            boolean isServed = context.recordMetadata().orElseThrow().topic().equals(servedTopic);
            Tip after = isServed ? before.served(event) : before.feedback(event);
            if (after == before) return;
            tips.put(key, after.encode());
            byte[] sums = users.get(userId);
            User user = sums == null ? new User() : User.decode(sums);
            long nowMs = context.currentSystemTimeMs();
            if (stored != null) user.add(before, nowMs, -1);
            user.add(after, nowMs, 1);
            users.put(userId, user.encode());
        }
    }

    private record Tip(long served, String category, long done, int offsetMin, long dismiss, long snooze) {
        static final Tip UNKNOWN = new Tip(NONE, "", NONE, 0, NONE, NONE);

        Tip served(JsonNode event) {
            long at = event.get("served_at_ms").longValue();
            if (served != NONE && at >= served) return this;
            JsonNode named = event.get("category");
            return new Tip(at, named == null ? "" : named.textValue(), done, offsetMin, dismiss, snooze);
        }

        Tip feedback(JsonNode event) {
            long at = event.get("reacted_at_ms").longValue();
            switch (event.get("action").textValue()) {
                case "done":
                    if (done != NONE && at >= done) return this;
                    JsonNode offset = event.get("utc_offset_min");
                    return new Tip(served, category, at, offset == null ? 0 : offset.intValue(), dismiss, snooze);
                case "dismiss":
                    return dismiss != NONE && at >= dismiss ? this : new Tip(served, category, done, offsetMin, at, snooze);
                default:
                    return snooze != NONE && at >= snooze ? this : new Tip(served, category, done, offsetMin, dismiss, at);
            }
        }

        byte[] encode() {
            byte[] name = category.getBytes(StandardCharsets.UTF_8);
            return ByteBuffer.allocate(36 + name.length).putLong(served).putLong(done).putInt(offsetMin).putLong(dismiss).putLong(snooze).put(name).array();
        }

        static Tip decode(byte[] bytes) {
            ByteBuffer from = ByteBuffer.wrap(bytes);
            long served = from.getLong();
            long done = from.getLong();
            int offsetMin = from.getInt();
            long dismiss = from.getLong();
            long snooze = from.getLong();
            return new Tip(served, new String(bytes, 36, bytes.length - 36, StandardCharsets.UTF_8), done, offsetMin, dismiss, snooze);
        }
    }

    /** The sums behind the eight features, as of now. */
    private static final class User {
        private static final int DONE = 1, DISMISSED = 2, SNOOZED = 3, DWELLS = 4, HOURS = 5, WEEKDAYS = 29, COUNTS = 36;
        private final int[] counts = new int[COUNTS];
        private long dwellMs;
        private final Map<String, Integer> categories = new HashMap<>();

        void add(Tip tip, long nowMs, int times) {
            long from = nowMs - WINDOW_MS;
            if (tip.done() >= from && tip.done() < nowMs) {
                long local = tip.done() + tip.offsetMin() * 60_000L;
                counts[HOURS + (int) Math.floorMod(Math.floorDiv(local, 3_600_000L), 24L)] += times;
                counts[WEEKDAYS + (int) Math.floorMod(Math.floorDiv(local, 86_400_000L) + 3, 7L)] += times;
            }
            if (tip.served() < from || tip.served() >= nowMs) return;
            counts[0] += times;
            boolean isDone = tip.done() != NONE && tip.done() < nowMs;
            if (isDone) counts[DONE] += times;
            if (tip.dismiss() != NONE && tip.dismiss() < nowMs) counts[DISMISSED] += times;
            if (tip.snooze() != NONE && tip.snooze() < nowMs) counts[SNOOZED] += times;
            long reacted = Math.min(Math.min(orLate(tip.done()), orLate(tip.dismiss())), orLate(tip.snooze()));
            if (reacted < nowMs && reacted >= tip.served()) {
                counts[DWELLS] += times;
                dwellMs += times * (reacted - tip.served());
            }
            if (isDone && !tip.category().isEmpty()) categories.merge(tip.category(), times, Integer::sum);
        }

        private static long orLate(long time) {
            return time == NONE ? Long.MAX_VALUE : time;
        }

        byte[] encode() {
            int size = COUNTS * 4 + 8;
            for (String category : categories.keySet()) size += 5 + category.length() * 3;
            ByteBuffer to = ByteBuffer.allocate(size);
            for (int count : counts) to.putInt(count);
            to.putLong(dwellMs);
            for (Map.Entry<String, Integer> entry : categories.entrySet()) {
                byte[] name = entry.getKey().getBytes(StandardCharsets.UTF_8);
                to.put((byte) name.length).put(name).putInt(entry.getValue());
            }
            byte[] bytes = new byte[to.position()];
            to.flip().get(bytes);
            return bytes;
        }

        static User decode(byte[] bytes) {
            User user = new User();
            ByteBuffer from = ByteBuffer.wrap(bytes);
            for (int i = 0; i < COUNTS; i++) user.counts[i] = from.getInt();
            user.dwellMs = from.getLong();
            while (from.hasRemaining()) {
                byte[] name = new byte[from.get()];
                from.get(name);
                user.categories.put(new String(name, StandardCharsets.UTF_8), from.getInt());
            }
            return user;
        }
    }
}
