import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Joins a group with Java's own cooperative assignor and says how many partitions it holds. Arguments: bootstrap, group, topic. */
public class JavaMember {
    public static void main(String[] args) {
        Map<String, Object> config = Map.of(
            "bootstrap.servers", args[0],
            "group.id", args[1],
            "session.timeout.ms", "6000",
            "heartbeat.interval.ms", "300",
            "enable.auto.commit", "false",
            "auto.offset.reset", "earliest",
            "partition.assignment.strategy", CooperativeStickyAssignor.class.getName(),
            "key.deserializer", ByteArrayDeserializer.class.getName(),
            "value.deserializer", ByteArrayDeserializer.class.getName());
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(config)) {
            consumer.subscribe(List.of(args[2]), new ConsumerRebalanceListener() {
                @Override public void onPartitionsAssigned(Collection<TopicPartition> added) {
                    say("+" + added.size());
                }
                @Override public void onPartitionsRevoked(Collection<TopicPartition> revoked) {
                    say("-" + revoked.size());
                }
            });
            Thread main = Thread.currentThread();
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                consumer.wakeup();
                try {
                    main.join(5000);
                } catch (InterruptedException ignored) {
                    Thread.currentThread().interrupt();
                }
            }));
            while (true) {
                consumer.poll(Duration.ofMillis(100));
                say("=" + consumer.assignment().size());
            }
        } catch (org.apache.kafka.common.errors.WakeupException asked) {
            say("closed");
        }
    }

    private static void say(String line) {
        System.out.println(line);
        System.out.flush();
    }
}
