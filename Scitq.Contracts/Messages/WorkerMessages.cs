namespace Scitq.Contracts.Messages;

/// <summary>An agent has started. To <see cref="Queues.Workers"/>; answered by <see cref="WorkerRegistered"/>. Repeated until answered.</summary>
public sealed record RegisterWorker
{
    /// <summary>The worker's name: 1 to 100 of <c>A-Z a-z 0-9 . _ -</c>; one living agent a name.</summary>
    public required string Worker { get; init; }

    /// <summary>A GUID made at this start.</summary>
    public required Guid Epoch { get; init; }

    /// <summary>The epoch of the agent that used this work directory before, which a lock proves dead; it takes over at once.</summary>
    public Guid? PreviousEpoch { get; init; }

    /// <summary>
    /// All earlier starts with the same work directory, from the last one that is known to have been registered: any of them may hold the name.
    /// </summary>
    public IReadOnlyList<Guid> PreviousEpochs { get; init; } = [];

    /// <summary>
    /// Whether the agent that was started as <paramref name="epoch"/> is known to be this one, or to be dead, so that its name may be taken over.
    /// </summary>
    public bool Follows(Guid epoch) => epoch == Epoch || epoch == PreviousEpoch || PreviousEpochs.Contains(epoch);

    /// <summary>Take the name even from an agent that seems alive.</summary>
    public bool Takeover { get; init; }

    /// <summary>The batch it serves.</summary>
    public required string Batch { get; init; }

    /// <summary>How many attempts run at once.</summary>
    public required int Concurrency { get; init; }

    /// <summary>How many more are staged ahead.</summary>
    public required int Prefetch { get; init; }

    /// <summary>For how many seconds it takes a lease to be valid; null from an agent that does not tell.</summary>
    public double? LeaseSeconds { get; init; }

    /// <summary>The machine.</summary>
    public required HostInfo Host { get; init; }

    /// <summary>Those of the <see cref="Abilities"/> that the agent has.</summary>
    public IReadOnlyList<string> Knows { get; init; } = [];

    /// <summary>Attempts it has from before and can still end.</summary>
    public required IReadOnlyList<AttemptKey> Leases { get; init; }
}

/// <summary>The answer to <see cref="RegisterWorker"/>.</summary>
public sealed record WorkerRegistered
{
    /// <summary>From the request.</summary>
    public required Guid Epoch { get; init; }

    /// <summary>Why it was refused (the agent then exits with code 3); null when it may work.</summary>
    public string? Refusal { get; init; }

    /// <summary>Attempts the worker named that are no longer its own: stop them and drop what they left.</summary>
    public IReadOnlyList<AttemptKey> Revoked { get; init; } = [];

    /// <summary>The settings that the worker is to take; those that a user has changed outlive a restart of the agent.</summary>
    public WorkerSettings? Settings { get; init; }
}

/// <summary>The settings of a worker: its task until they are changed.</summary>
/// <param name="Batch">The batch to serve.</param>
/// <param name="Concurrency">How many attempts run at once (0 runs none).</param>
/// <param name="Prefetch">How many more are staged ahead.</param>
/// <param name="Paused">Whether it takes nothing new.</param>
/// <param name="Revision">Counts the changes; settings older than those the worker has taken since it registered are ignored.</param>
/// <param name="Draining">Whether it is to end what it has, and then to leave.</param>
/// <param name="Evicting">Whether a worker that drains is to stop what runs, and not to wait for it.</param>
public sealed record WorkerSettings(
    string Batch, int Concurrency, int Prefetch, bool Paused, long Revision = 0, bool Draining = false, bool Evicting = false);

/// <summary>A machine, as its agent sees it.</summary>
public sealed record HostInfo
{
    /// <summary>Its host name.</summary>
    public required string Hostname { get; init; }

    /// <summary>Logical processors.</summary>
    public required int Cpus { get; init; }

    /// <summary>Bytes of memory.</summary>
    public required long Memory { get; init; }

    /// <summary>The agent's version.</summary>
    public required string Version { get; init; }

    /// <summary>Version of the container engine; null where there is none.</summary>
    public string? Docker { get; init; }

    /// <summary>Models of its GPUs, one an element.</summary>
    public IReadOnlyList<string> Gpus { get; init; } = [];
}

/// <summary>An agent lives, and these are its attempts. Every 5 s. To <see cref="Queues.Workers"/>; answered by <see cref="HeartbeatAnswered"/>.</summary>
public sealed record WorkerHeartbeat
{
    /// <summary>The <see cref="Hold"/> of a worker that is about to leave.</summary>
    public const string Draining = "draining";

    /// <summary>The worker's name.</summary>
    public required string Worker { get; init; }

    /// <summary>Its epoch.</summary>
    public required Guid Epoch { get; init; }

    /// <summary>Counts up; the answer names it, and the leases it renews count from when it was sent.</summary>
    public required long Sequence { get; init; }

    /// <summary>
    /// The newest heartbeat whose answer has arrived, by its sequence; 0 before the first, null from an agent that does not tell. A worker may be
    /// heard and yet be deaf.
    /// </summary>
    public long? Heard { get; init; }

    /// <summary>All attempts it holds a lease for.</summary>
    public required IReadOnlyList<AttemptKey> Leases { get; init; }

    /// <summary>Those of them whose command stands still because its user wants that.</summary>
    public IReadOnlyList<AttemptKey> Suspended { get; init; } = [];

    /// <summary>How many of them run.</summary>
    public int Running { get; init; }

    /// <summary>Why it takes nothing new (<c>disk is full</c>, <see cref="Draining"/>), or null.</summary>
    public string? Hold { get; init; }

    /// <summary>Load average over one minute.</summary>
    public double Load { get; init; }

    /// <summary>Bytes of memory that are available.</summary>
    public long MemoryAvailable { get; init; }

    /// <summary>Free bytes where the work directories are.</summary>
    public long DiskFree { get; init; }

    /// <summary>How busy the machine was; null when that was told a moment ago, and from an agent that does not tell.</summary>
    public WorkerStats? Stats { get; init; }

    /// <summary>The resources it keeps; null when they are as in the last heartbeat that was answered.</summary>
    public IReadOnlyList<CachedResource>? Resources { get; init; }

    /// <summary>Outcomes of orders that the worker has carried out; each is repeated until the answer no longer holds the order.</summary>
    public IReadOnlyList<OrderOutcome> Done { get; init; } = [];
}

/// <summary>One resource that a worker keeps for its tasks.</summary>
/// <param name="Uri">The URI that was asked for, with its action and without secrets.</param>
/// <param name="Bytes">Its size on the worker's disk.</param>
/// <param name="Users">How many attempts use it now.</param>
/// <param name="LastUsed">When an attempt last asked for it (UTC, by the worker's clock).</param>
public sealed record CachedResource(string Uri, long Bytes, int Users, DateTime LastUsed);

/// <summary>One thing that a user wants a worker to do once. Carrying it out twice does no harm.</summary>
/// <param name="Id">The number that names the order.</param>
/// <param name="Kind">The thing to be done.</param>
/// <param name="Key">The attempt that it concerns, if it does one.</param>
/// <param name="Signal">With <see cref="WorkerOrderKind.Signal"/>: its number.</param>
public sealed record WorkerOrder(long Id, WorkerOrderKind Kind, AttemptKey? Key = null, int? Signal = null);

/// <summary>An order that has just been given. To <see cref="Queues.Worker"/>; repeated by heartbeat answers.</summary>
/// <param name="Order">The order.</param>
public sealed record CarryOut(WorkerOrder Order);

/// <summary>The things that a worker can be ordered to do.</summary>
public enum WorkerOrderKind
{
    /// <summary>Remove the directories kept of failed attempts.</summary>
    Clean,

    /// <summary>Forget every resource: the next task that wants one fetches it anew.</summary>
    ResetResources,

    /// <summary>Execute the agent's program anew, from the file as it is now; what runs goes on. Once, however often it is told.</summary>
    Restart,

    /// <summary>Send a signal to the command of an attempt, to everything it started. Only to an agent that knows how.</summary>
    Signal,
}

/// <summary>An order was carried out.</summary>
/// <param name="Id">The number of the order.</param>
/// <param name="Text">One line that says what was done, or why it could not be.</param>
public sealed record OrderOutcome(long Id, string Text);

/// <summary>The answer to <see cref="WorkerHeartbeat"/>: all its leases are renewed but those revoked.</summary>
public sealed record HeartbeatAnswered
{
    /// <summary>From the heartbeat.</summary>
    public required long Sequence { get; init; }

    /// <summary>False when the coordinator does not know this epoch: register again.</summary>
    public bool Known { get; init; } = true;

    /// <summary>Attempts that are no longer the worker's own: stop them, drop what they left, report nothing.</summary>
    public IReadOnlyList<AttemptKey> Revoked { get; init; } = [];

    /// <summary>Attempts whose user has cancelled them: stop them and report their end.</summary>
    public IReadOnlyList<AttemptKey> Cancelled { get; init; } = [];

    /// <summary>Those of the cancelled that are to end at once, by KILL.</summary>
    public IReadOnlyList<AttemptKey> Killed { get; init; } = [];

    /// <summary>What users want of attempts that are to stand still, or that the heartbeat says do.</summary>
    public IReadOnlyList<PauseAttempt> Pauses { get; init; } = [];

    /// <summary>The settings that the worker is to take.</summary>
    public WorkerSettings? Settings { get; init; }

    /// <summary>Orders whose outcome the worker has not told yet.</summary>
    public IReadOnlyList<WorkerOrder> Orders { get; init; } = [];

    /// <summary>
    /// Attempts granted to it some time ago that it has not named since: the answers to its claims were late, or lost. Repeated until a heartbeat names
    /// them. Each lease is valid once a heartbeat that names it is answered.
    /// </summary>
    public IReadOnlyList<ClaimAnswer> Granted { get; init; } = [];

    /// <summary>Attempts granted to it that only deliver what an earlier one has left there; repeated until a heartbeat names them.</summary>
    public IReadOnlyList<Redelivery> Redeliver { get; init; } = [];
}

/// <summary>
/// An attempt that runs nothing: its worker delivers, under its lease, the output that it keeps of an earlier attempt, whose upload failed. It ends with
/// <see cref="AttemptResult.ExitCode"/> as given here.
/// </summary>
public sealed record Redelivery
{
    /// <summary>The attempt; its lease is valid once a heartbeat that names it is answered.</summary>
    public required AttemptKey Key { get; init; }

    /// <summary>The task's small number.</summary>
    public required long Number { get; init; }

    /// <summary>The specification of the task: the command that was run, and the folder that its output goes to.</summary>
    public required TaskSpec Spec { get; init; }

    /// <summary>The attempts as whose the output may be kept, the last one first: the one that ran, and redeliveries that failed.</summary>
    public required IReadOnlyList<AttemptKey> Kept { get; init; }

    /// <summary>How the command had ended.</summary>
    public int? ExitCode { get; init; }
}

/// <summary>A user has changed what the worker should do. To <see cref="Queues.Worker"/>; repeated by heartbeat answers.</summary>
/// <param name="Settings">All settings as they are now.</param>
public sealed record ConfigureWorker(WorkerSettings Settings);

/// <summary>
/// Stop one attempt (TERM, a grace, KILL) and report its end with class <c>cancelled</c>. To <see cref="Queues.Worker"/>; repeated by heartbeat
/// answers.
/// </summary>
/// <param name="Key">The attempt.</param>
/// <param name="Reason">Why.</param>
/// <param name="Kill">KILL at once, also where it is being stopped already.</param>
public sealed record StopAttempt(AttemptKey Key, string? Reason, bool Kill = false);

/// <summary>
/// Let the command of one attempt stand still, or go on. One that has not started is given back instead of standing still. To
/// <see cref="Queues.Worker"/>; repeated by heartbeat answers, and heartbeats tell what stands still.
/// </summary>
/// <param name="Key">The attempt.</param>
/// <param name="Paused">Whether it is to stand still.</param>
/// <param name="Turn">Counts what its user wants; an older word that arrives after a newer one says nothing.</param>
public sealed record PauseAttempt(AttemptKey Key, bool Paused, int Turn);

/// <summary>An agent leaves for good: its name is free at once. To <see cref="Queues.Workers"/>.</summary>
/// <param name="Worker">The worker's name.</param>
/// <param name="Epoch">Its epoch.</param>
public sealed record WorkerLeft(string Worker, Guid Epoch);

/// <summary>
/// A coordinator asks itself through the queue of the heartbeats whether it hears workers. To <see cref="Queues.Workers"/>; whichever coordinator
/// takes it, all have heard.
/// </summary>
public sealed record CoordinatorPulse;

/// <summary>An agent asks itself through the broker whether it still hears. To <see cref="Queues.Worker"/>.</summary>
/// <param name="Epoch">The agent's epoch.</param>
/// <param name="Sequence">Counts up.</param>
public sealed record Ping(Guid Epoch, long Sequence);
