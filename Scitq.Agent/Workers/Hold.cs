using Scitq.Contracts.Messages;

namespace Scitq.Agent.Workers;

/// <summary>Why this worker takes nothing new, as the coordinator and people are told.</summary>
internal sealed record Hold
{
    public static readonly Hold Draining = new(WorkerHeartbeat.Draining);

    private Hold(string text) => Text = text;

    public string Text { get; }

    public static Hold Directory(string problem) => new($"the work directory can't be used: {problem}");

    public static Hold Journal(string problem) => new($"the journal can't be written: {problem}");

    public static Hold Disk(string problem) => new(problem);
}
