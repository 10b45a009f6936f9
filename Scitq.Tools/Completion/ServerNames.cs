using System.Globalization;
using System.Text.Json;
using Scitq.Tools.CommandLine;
using Scitq.Tools.Server;

namespace Scitq.Tools.Completion;

/// <summary>Names that the server knows, asked for while somebody types: within a moment, or not at all.</summary>
internal static class ServerNames
{
    private const int NewestTasks = 200;
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(0.3);

    public static async Task<IReadOnlyList<Candidate>> FindAsync(Expected expected, ParsedLine line, ToolIo io)
    {
        using var silent = new ToolIo
        {
            Output = Stream.Null, ErrorOutput = Stream.Null, Input = () => Stream.Null, Out = TextWriter.Null, Error = TextWriter.Null,
            Variable = io.Variable, Clock = io.Clock,
        };
        using var over = new CancellationTokenSource(Moment, io.Clock);
        try
        {
            var settings = new ClientSettings(silent, line);
            var server = settings.Server();
            if (server.IsBus) return [];
            using var rest = settings.Connect(server, "scitq-manage");
            using var answer = await rest.GetAsync(Path(expected, line), new Patience(Moment, Moment, 1), over.Token);
            return [.. answer.RootElement.EnumerateArray().SelectMany(row => Read(expected, row)).DistinctBy(c => c.Word)];
        }
        catch (Exception e) when (e is ToolException or IOException or UnauthorizedAccessException or OperationCanceledException or InvalidOperationException)
        {
            return [];          // nothing is offered; the line itself will say what is wrong
        }
    }

    private static string Path(Expected expected, ParsedLine line) => expected.Kind switch
    {
        Kind.Batches => "batches",
        Kind.Workers or Kind.WorkerNumbers => "workers",
        _ => string.Create(CultureInfo.InvariantCulture, $"tasks?limit={NewestTasks}")
            + string.Concat(line.All("batch").Select(b => $"&batch={Uri.EscapeDataString(b)}")),
    };

    private static IEnumerable<Candidate> Read(Expected expected, JsonElement row)
    {
        var name = row.Text("name") ?? "";
        var number = row.Number(expected.Kind == Kind.Tasks ? "task_id" : "worker_id")?.ToString(CultureInfo.InvariantCulture);
        switch (expected.Kind)
        {
            case Kind.Batches:
                yield return new Candidate(row.Text("batch") ?? "", $"{row.Number("pending") ?? 0} pending, {row.Number("running") ?? 0} running");
                break;
            case Kind.Workers:
                yield return new Candidate(name, $"{row.Text("status")}, batch {row.Text("batch")}");
                break;
            case Kind.WorkerNumbers when number is not null:
                yield return new Candidate(number, name);
                break;
            case Kind.Tasks when number is not null:
                yield return new Candidate(number, $"{row.Text("status")} {name}".TrimEnd());
                // A list of ids with their names is long enough as long as nothing is typed.
                if (name.Length > 0 && expected.Typed.Length > 0) yield return new Candidate(name, row.Text("status") ?? "");
                break;
        }
    }
}
