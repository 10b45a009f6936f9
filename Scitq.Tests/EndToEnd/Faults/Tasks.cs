using Scitq.Contracts.Docker;
using Scitq.Contracts;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Faults;

/// <summary>Commands that write down in the cluster's ledger that they have started.</summary>
internal static class Tasks
{
    private const string Enter = "echo \"$NAME $SCITQ_ATTEMPT\" >>\"$LEDGER\"\n";

    /// <summary>Numbers its lines until there is the file that <see cref="Release"/> makes, then leaves its attempt's number in the output.</summary>
    private const string Hold = Enter + """
        i=0
        while [ ! -e "$GO" ] && [ ! -e "$GO.$SCITQ_ATTEMPT" ]; do i=$((i+1)); echo "line $i"; sleep 0.1; done
        echo $SCITQ_ATTEMPT >"$OUTPUT/attempt"
        echo end
        """;

    public static TaskSpec Quick(string name) => Shell(name, Enter + "echo \"out $NAME\"");

    public static TaskSpec Shell(string name, string script) => new() { Name = name, Argv = ["sh", "-c", script] };

    /// <summary>One that only ends when it is told to.</summary>
    public static TaskSpec Held(this Cluster cluster, string name) => Shell(name, Hold) with
    {
        Output = DataUri.Parse($"file://{cluster[$"out-{name}"]}/"),
        Env = new Dictionary<string, string> { ["GO"] = cluster[$"go-{name}"] },
    };

    /// <summary>The same in a container, which sees the cluster's folder by its own name.</summary>
    public static TaskSpec HeldInContainer(this Cluster cluster, string name) =>
        cluster.Held(name) with { Image = DockerFixture.Image, DockerOptions = DockerRunOptions.Read(["-v", $"{cluster[""]}:{cluster[""]}"]) };

    /// <summary>One that starts at once and has much to deliver.</summary>
    public static TaskSpec Delivering(this Cluster cluster, string name, int megabytes = 1500) =>
        Shell(name, Enter + $"truncate -s {megabytes}M \"$OUTPUT/zeros\"; echo $SCITQ_ATTEMPT >\"$OUTPUT/attempt\"") with
            { Output = DataUri.Parse($"file://{cluster[$"out-{name}"]}/") };

    /// <summary>Lets it end, or one attempt of it.</summary>
    public static void Release(this Cluster cluster, string name, int? attempt = null) =>
        File.WriteAllText(cluster[$"go-{name}{(attempt is null ? "" : $".{attempt}")}"], "");

    /// <summary>Its log is that of one attempt, whole and without a gap.</summary>
    public static async Task AssertHeldLogAsync(this Cluster cluster, Guid id)
    {
        var lines = (await cluster.OutputAsync(id)).TrimEnd('\n').Split('\n');
        Assert.Equal([.. Enumerable.Range(1, lines.Length - 1).Select(i => $"line {i}"), "end"], lines);
    }

    /// <summary>The attempt whose output was delivered.</summary>
    public static async Task<string> DeliveredAsync(this Cluster cluster, string name) =>
        (await File.ReadAllTextAsync(Path.Combine(cluster[$"out-{name}"], "attempt"))).Trim();
}
