namespace Scitq.Contracts;

/// <summary>The names of the exchanges and queues on the bus; an exchange and its queue bear the same name.</summary>
public static class Queues
{
    /// <summary>Requests about tasks (<see cref="Messages.SubmitTask"/> and others) for the coordinator.</summary>
    public const string Tasks = "scitq.tasks";

    /// <summary><see cref="Messages.ClaimTasks"/> for the coordinator.</summary>
    public const string Claims = "scitq.claims";

    /// <summary><see cref="Messages.AttemptReports"/> for the coordinator.</summary>
    public const string Reports = "scitq.reports";

    /// <summary><see cref="Messages.OutputAppended"/> for the coordinator.</summary>
    public const string Logs = "scitq.logs";

    /// <summary><see cref="Messages.RegisterWorker"/> and <see cref="Messages.WorkerHeartbeat"/> for the coordinator.</summary>
    public const string Workers = "scitq.workers";

    /// <summary>Arguments of a batch's queue: lazy, because a plain classic queue of RabbitMQ 3.x keeps 1 M tasks in 3 GB of memory.</summary>
    public static IReadOnlyDictionary<string, object?> BatchArguments { get; } = new Dictionary<string, object?>
    {
        ["x-queue-mode"] = "lazy",
    };

    /// <summary>Arguments of an agent's own queue, the same wherever it is declared: RabbitMQ refuses differing ones.</summary>
    public static IReadOnlyDictionary<string, object?> WorkerArguments { get; } = new Dictionary<string, object?>
    {
        ["x-expires"] = 600_000,        // ms without a consumer: the agent is gone for good
        ["x-message-ttl"] = 120_000,    // ms: answers nobody fetched; orders are repeated by heartbeat answers
    };

    /// <summary><see cref="Messages.TaskQueued"/> for the agents of a batch.</summary>
    public static string Batch(string batch) => "scitq.batch." + batch;

    /// <summary>Answers and requests for one agent.</summary>
    public static string Worker(string worker) => "scitq.worker." + worker;
}
