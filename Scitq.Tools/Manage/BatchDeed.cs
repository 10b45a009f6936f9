using System.Text.Json;
using Scitq.Contracts;
using Scitq.Tools.CommandLine;
using Scitq.Tools.Server;

namespace Scitq.Tools.Manage;

/// <summary>What becomes of that which runs of a batch, when the batch is stopped or goes on: an action on its tasks, as any other.</summary>
/// <param name="Action">The action on tasks.</param>
/// <param name="Done">What has been done with a task then.</param>
/// <param name="States">The tasks that it is for.</param>
internal sealed record BatchDeed(string Action, string Done, params IReadOnlyList<string> States)
{
    private const int SigKill = 9, SigTerm = 15, SigQuit = 3, SigCont = 18, SigStop = 19, SigTstp = 20;
    private static readonly BatchDeed Term = new("stop", "stopped", "running", "suspended");
    private static readonly BatchDeed Kill = new("kill", "killed", "running", "suspended");
    private static readonly BatchDeed Pause = new("pause", "paused", "running");
    private static readonly BatchDeed Resume = new("resume", "resumed", "suspended");

    public static readonly IReadOnlyList<Option> OfStop =
    [
        new("term", '\0', null, "also end what runs: TERM, a grace, KILL; no retry follows"), new("kill", '\0', null, "also end it at once, by KILL"),
        new("pause", '\0', null, "also let what runs stand still"), new("signal", 'N', "SIGNAL", "also send it this: a name (USR1) or number; 0 is none"),
    ];

    public static readonly IReadOnlyList<Option> OfGo =
        [new("cont", '\0', null, "also let what stands still go on"), new("signal", 'N', "SIGNAL", "18 is --cont, 0 is none")];

    private string? Signal { get; init; }

    /// <summary>What the options ask for; null for nothing.</summary>
    public static BatchDeed? Of(ParsedLine line, bool stop)
    {
        var deeds = new[] { ("term", Term), ("kill", Kill), ("pause", Pause), ("cont", Resume) }.Where(d => line.Has(d.Item1)).Select(d => d.Item2).ToList();
        if (line.Value("signal") is { } text && text != "0") deeds.Add(OfSignal(text, stop));
        return deeds.Count < 2 ? deeds.FirstOrDefault()
            : throw new UsageException(stop ? "give one of --term, --kill, --pause and -N" : "give one of --cont and -N");
    }

    /// <summary>How many tasks it would be.</summary>
    public async Task<long> CountAsync(ManageContext context, string batch)
    {
        using var look = await PostAsync(context, batch, dryRun: true);
        return look.RootElement.Items("tasks").Count();
    }

    /// <summary>Does it; how many tasks it was, and how many were left alone, which is told.</summary>
    public async Task<(long Done, long Skipped)> DoAsync(ManageContext context, string batch)
    {
        using var answer = await PostAsync(context, batch, dryRun: false);
        var skipped = answer.RootElement.Items("skipped").ToList();
        foreach (var task in skipped.Take(20))
            context.Io.Error.WriteLine($"{ManageCommand.Program}: task {task.Number("task_id")} left alone: {Display.Clean(task.Text("why") ?? "")}");
        if (skipped.Count > 20) context.Io.Error.WriteLine($"{ManageCommand.Program}: and {skipped.Count - 20} more left alone");
        return (answer.RootElement.Items("tasks").Count(), skipped.Count);
    }

    /// <summary>The letters of version 1 keep their meaning.</summary>
    private static BatchDeed OfSignal(string text, bool stop)
    {
        if (!Signals.TryParse(text, out var number)) throw new UsageException($"-N '{text}' is neither a signal's name like USR1 nor a number from 1 to 64");
        if (!stop) return number == SigCont ? Resume : throw new UsageException($"-N '{text}' does not let anything go on", "Give --cont, or -N 18.");
        return number switch
        {
            SigKill => Kill,
            SigTerm or SigQuit => Term,
            SigStop or SigTstp => Pause,
            _ => new BatchDeed("signal", "signalled", "running", "suspended") { Signal = text },
        };
    }

    private Task<JsonDocument> PostAsync(ManageContext context, string batch, bool dryRun)
    {
        var body = JsonBody.Write(json =>
        {
            json.WriteString("action", Action);
            json.WriteStartObject("filter");
            json.WriteString("batch", batch);
            json.WriteList("status", States);
            json.WriteEndObject();
            json.WriteBoolean("dry_run", dryRun);
            if (Signal is not null) json.WriteString("signal", Signal);
            if (context.Line.Value("reason") is { } reason) json.WriteString("reason", reason);
        });
        return context.Rest.PostAsync("tasks/actions", body, null, context.Patience, context.Cancel);
    }
}
