using System.Text.Json;
using MassTransit;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Tasks;

/// <summary>
/// One task as the database holds it: the saga instance of <see cref="TaskStateMachine"/>. Whatever an event adds besides is in <see cref="TaskEffects"/>.
/// </summary>
internal sealed class TaskSaga : SagaStateMachineInstance
{
    private TaskSpec? _spec;
    private TaskSpec? _next;

    public Guid CorrelationId { get; set; }

    /// <summary>The small number people type; given by the database at the first save.</summary>
    public long Number { get; set; }

    public TaskState State { get; set; }

    /// <summary>The state machine's view of <see cref="State"/>.</summary>
    public string? CurrentState
    {
        get => Exists ? State.ToString() : "Initial";
        set
        {
            // "Initial" until the first transition.
            Exists = Enum.TryParse<TaskState>(value, out var state);
            State = state;
        }
    }

    /// <summary>False only for an instance whose first event is being handled.</summary>
    public bool Exists { get; set; } = true;

    public string Batch { get; set; } = "";

    public string? Name { get; set; }

    /// <summary>Who asked for it; null of one that is older than the column.</summary>
    public string? SubmittedBy { get; set; }

    public string SpecJson { get; set; } = "";

    /// <summary>Higher first within the batch; the user's, or the batch's where that gave none.</summary>
    public int Priority { get; set; }

    /// <summary>The message that brought the current attempt to its worker, if that was not its own: see <see cref="ClaimTurns"/>.</summary>
    public Guid? Token { get; set; }

    /// <summary>The current attempt, from 1.</summary>
    public int Attempt { get; set; }

    /// <summary>Failures of its own it may still have.</summary>
    public int RetriesLeft { get; set; }

    /// <summary>How many attempts were lost with their worker.</summary>
    public int Losses { get; set; }

    /// <summary>The worker of the current attempt, or of the last one.</summary>
    public string? Worker { get; set; }

    /// <summary>The right to the current attempt; null when nobody holds it.</summary>
    public Guid? Lease { get; set; }

    /// <summary>When the lease was granted, by the clock of <see cref="Leases.Hearing"/>; null when that was before it was kept.</summary>
    public double? Granted { get; set; }

    /// <summary>The start of the agent that it was granted to.</summary>
    public Guid? HolderEpoch { get; set; }

    /// <summary>
    /// The attempt whose output the current one delivers, from where its worker has kept it; the command is not run again.
    /// Null for an attempt that runs it. Stays once that has ended, until a relaunch.
    /// </summary>
    public int? Redelivers { get; set; }

    public string? Phase { get; set; }

    public bool CancelRequested { get; set; }

    /// <summary>Whether its worker is to stop the current attempt so that the next one can begin, at no cost to its retries.</summary>
    public bool RestartRequested { get; set; }

    /// <summary>The specification that the next attempt takes, where its user has changed it since this one began.</summary>
    public string? NextJson { get; set; }

    /// <summary>Whether what its user has cancelled is to end at once, without a grace.</summary>
    public bool KillRequested { get; set; }

    /// <summary>
    /// Counts what its user wants: odd from when it is to be paused until it is to go on, or has ended. The worker that has it tells an older word from
    /// a newer one by this.
    /// </summary>
    public int PauseTurn { get; set; }

    /// <summary>Whether, while it is paused, the tasks it requires may not all have succeeded.</summary>
    public bool ResumesWaiting { get; set; }

    /// <summary>When a retry that waits out its back-off is due.</summary>
    public DateTime? Due { get; set; }

    public DateTime Created { get; set; }

    public DateTime Queued { get; set; }

    public DateTime? Accepted { get; set; }

    public DateTime? Started { get; set; }

    public DateTime? RunEnded { get; set; }

    public DateTime? Finished { get; set; }

    public int? ExitCode { get; set; }

    public FailureClass? Failure { get; set; }

    public string? Reason { get; set; }

    /// <summary>Counts the row's updates; one that does not match means that another coordinator was first.</summary>
    public int Version { get; set; }

    public TaskSpec Spec => _spec ??= JsonSerializer.Deserialize<TaskSpec>(SpecJson, ScitqJson.Bus)!;

    public TaskSpec? Next => NextJson is null ? null : _next ??= JsonSerializer.Deserialize<TaskSpec>(NextJson, ScitqJson.Bus)!;

    /// <summary>Whether its user wants it to stand still, wherever it is.</summary>
    public bool PauseRequested => PauseTurn % 2 == 1;

    /// <summary>Names the current attempt.</summary>
    public AttemptKey Key => new(CorrelationId, Attempt, Lease ?? Guid.Empty);

    /// <summary>An instance whose first event is about to be handled.</summary>
    public static TaskSaga New(Guid id) => new() { CorrelationId = id, Exists = false };

    /// <summary>What the holder of the lease is told. The priority there is the one that holds, whoever gave it.</summary>
    public ClaimAnswer Grant() => new()
    {
        TaskId = CorrelationId,
        Attempt = Attempt,
        ByAnother = Token is not null,
        Lease = Lease,
        Number = Number,
        Spec = Priority == (Spec.Priority ?? 0) ? Spec : Spec with { Priority = Priority },
    };

    public void SetSpec(TaskSpec spec)
    {
        _spec = spec;
        SpecJson = JsonSerializer.Serialize(spec, ScitqJson.Bus);
    }

    public void SetNext(TaskSpec? spec)
    {
        _next = spec;
        NextJson = spec is null ? null : JsonSerializer.Serialize(spec, ScitqJson.Bus);
    }
}
