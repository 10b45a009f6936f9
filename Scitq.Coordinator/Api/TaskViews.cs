using System.Globalization;
using System.Text.Json;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Api;

/// <summary>A task as clients see it: its specification and its state.</summary>
internal record TaskView
{
    public TaskView(TaskSaga task, IReadOnlyList<string> warnings)
    {
        var spec = Masked.Spec(task.Spec);
        (TaskId, Id, Name, Batch) = (task.Number, task.CorrelationId, task.Name, task.Batch);
        (Status, Phase, Worker, Attempt) = (task.State, Masked.TextOrNull(task.Phase), task.Worker, task.Attempt);
        (ExitCode, FailureClass, Reason) = (task.ExitCode, task.Failure, Masked.TextOrNull(task.Reason));
        (Argv, Image, DockerOptions, Uid, Gid) = (spec.Argv, spec.Image, spec.DockerOptions.Words, spec.Uid, spec.Gid);
        (Inputs, Resources) = ([.. spec.Inputs.Select(u => u.Text)], [.. spec.Resources.Select(u => u.Text)]);
        (Output, Env, Requirements) = (spec.Output?.Text, spec.Env, spec.Requirements);
        (AfterAny, OnRequirementFailure) = (spec.AfterAny, spec.OnRequirementFailure);
        (Retry, RetriesLeft, InfraLosses) = (spec.Retry, task.RetriesLeft, task.Losses);
        (RunTimeout, DownloadTimeout) = (spec.RunTimeout, spec.DownloadTimeout);
        (Created, Queued, Accepted, Started) = (task.Created, task.Queued, task.Accepted, task.Started);
        (RunEnded, Finished, RetryDue) = (task.RunEnded, task.Finished, task.Due);
        (CancelRequested, PauseRequested, Redelivers, Warnings) = (task.CancelRequested, task.PauseRequested, task.Redelivers, warnings);
        (UseCache, StrictOutput, Secrets, MaskSecrets) = (spec.UseCache, spec.StrictOutput, spec.Secrets, spec.MaskSecrets);
        (SubmittedBy, Priority) = (task.SubmittedBy, task.Priority);
        (RestartRequested, UpdatePending) = (task.RestartRequested, task.NextJson is not null);
    }

    public long TaskId { get; }

    public Guid Id { get; }

    public string? Name { get; }

    public string Batch { get; }

    public TaskState Status { get; }

    public string? Phase { get; }

    /// <summary>In a few words, why a waiting or pending task does not start, if more than its turn is wanting.</summary>
    public string? Why { get; init; }

    public string? Worker { get; }

    public int Attempt { get; }

    public int? ExitCode { get; }

    public FailureClass? FailureClass { get; }

    public string? Reason { get; }

    public IReadOnlyList<string> Argv { get; }

    public string? Image { get; }

    public IReadOnlyList<string> DockerOptions { get; }

    public int? Uid { get; }

    public int? Gid { get; }

    public IReadOnlyList<string> Inputs { get; }

    public IReadOnlyList<string> Resources { get; }

    public string? Output { get; }

    public IReadOnlyDictionary<string, string> Env { get; }

    public IReadOnlyList<string> Requirements { get; }

    /// <summary>Higher first within the batch: its own, or the batch's.</summary>
    public int Priority { get; }

    public IReadOnlyList<string> AfterAny { get; }

    public RequirementFailure? OnRequirementFailure { get; }

    public int Retry { get; }

    public int RetriesLeft { get; }

    public int InfraLosses { get; }

    public int? RunTimeout { get; }

    public int? DownloadTimeout { get; }

    public DateTime Created { get; }

    public DateTime Queued { get; }

    public DateTime? Accepted { get; }

    public DateTime? Started { get; }

    public DateTime? RunEnded { get; }

    public DateTime? Finished { get; }

    public DateTime? RetryDue { get; }

    public bool CancelRequested { get; }

    /// <summary>Whether its worker is to stop it so that it begins anew.</summary>
    public bool RestartRequested { get; }

    /// <summary>Whether the next attempt is of a changed specification; what is shown here is that of the last one.</summary>
    public bool UpdatePending { get; }

    /// <summary>Whether its user wants it to stand still; the status says whether it does.</summary>
    public bool PauseRequested { get; }

    /// <summary>The attempt whose output the last one delivers or has delivered, without running the command again.</summary>
    public int? Redelivers { get; }

    public bool UseCache { get; }

    public bool StrictOutput { get; }

    /// <summary>The names of the secrets that its workers keep for it.</summary>
    public IReadOnlyList<string> Secrets { get; }

    public bool MaskSecrets { get; }

    /// <summary>The account or token with its address, or <c>bus</c>.</summary>
    public string? SubmittedBy { get; }

    public IReadOnlyList<string> Warnings { get; }
}

/// <summary>One task with all that happened to it.</summary>
internal sealed record TaskDetails : TaskView
{
    public TaskDetails(TaskSaga task, IReadOnlyList<AttemptView> attempts, IReadOnlyList<HistoryView> history)
        : base(task, attempts.Count == 0 ? [] : attempts[^1].Warnings)
    {
        (Attempts, History) = (attempts, history);
        if (attempts.Count > 0) (CachedFrom, NotReused) = (attempts[^1].CachedFrom, attempts[^1].NotReused);
    }

    /// <summary>The task whose outputs the last attempt took instead of running the command.</summary>
    public long? CachedFrom { get; }

    /// <summary>The reason why the last attempt took no earlier result, when it looked for one.</summary>
    public string? NotReused { get; }

    public IReadOnlyList<AttemptView> Attempts { get; }

    public IReadOnlyList<HistoryView> History { get; }
}

/// <summary>One try at a task.</summary>
internal sealed record AttemptView
{
    public AttemptView(AttemptRow row, long number)
    {
        (TaskId, Id, Attempt, Worker) = (number, row.TaskId, row.Attempt, row.Worker);
        Status = row.Outcome.ToString().ToLowerInvariant();
        (ExitCode, FailureClass, Reason) = (row.ExitCode, row.Failure, Masked.TextOrNull(row.Reason));
        (Accepted, Started, RunEnded, Finished) = (row.Accepted, row.Started, row.RunEnded, row.Finished);
        (StdoutBytes, StderrBytes, PeakMemory, CpuSeconds) = (row.StdoutBytes, row.StderrBytes, row.PeakMemory, row.CpuSeconds);
        (BytesIn, BytesOut) = (row.BytesIn, row.BytesOut);
        (Redelivers, CachedFrom, NotReused) = (row.Redelivers, row.CachedFrom, row.NotReused);
        Outputs = row.Outputs is null ? [] : JsonSerializer.Deserialize<IReadOnlyList<OutputFile>>(row.Outputs, ScitqJson.Rest)!;
        Warnings = ReadWarnings(row.Warnings);
    }

    /// <summary>The one a worker has now.</summary>
    public AttemptView(TaskSaga task, long stdoutBytes, long stderrBytes)
    {
        (TaskId, Id, Attempt, Worker) = (task.Number, task.CorrelationId, task.Attempt, task.Worker);
        Status = task.State.ToString().ToLowerInvariant();
        Accepted = task.Accepted;
        Redelivers = task.Redelivers;
        if (Redelivers is null) (Started, RunEnded) = (task.Started, task.RunEnded);
        (StdoutBytes, StderrBytes) = (stdoutBytes, stderrBytes);
        Outputs = [];
        Warnings = [];
    }

    public string ExecutionId => string.Create(CultureInfo.InvariantCulture, $"{TaskId}.{Attempt}");

    public long TaskId { get; }

    public Guid Id { get; }

    public int Attempt { get; }

    public string? Worker { get; }

    public string Status { get; }

    public int? ExitCode { get; }

    public FailureClass? FailureClass { get; }

    public string? Reason { get; }

    public DateTime? Accepted { get; }

    public DateTime? Started { get; }

    public DateTime? RunEnded { get; }

    public DateTime? Finished { get; }

    public long StdoutBytes { get; }

    public long StderrBytes { get; }

    public long? PeakMemory { get; }

    public double? CpuSeconds { get; }

    public long BytesIn { get; }

    public long BytesOut { get; }

    /// <summary>The attempt whose output this one delivered, without running the command.</summary>
    public int? Redelivers { get; }

    /// <summary>The task whose outputs were taken instead of running the command.</summary>
    public long? CachedFrom { get; }

    /// <summary>Why no earlier result was taken, when one was looked for.</summary>
    public string? NotReused { get; }

    public IReadOnlyList<OutputFile> Outputs { get; }

    public IReadOnlyList<string> Warnings { get; }

    public static IReadOnlyList<string> ReadWarnings(string? json) =>
        json is null ? [] : [.. JsonSerializer.Deserialize<IReadOnlyList<string>>(json, ScitqJson.Rest)!.Select(Masked.Text)];
}

/// <summary>Something that happened to a task.</summary>
internal sealed record HistoryView(DateTime At, string Kind, int Attempt, string? Worker, string? Detail, string? By = null);
