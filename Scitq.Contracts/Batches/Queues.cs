namespace Scitq.Contracts;

/// <summary>The names of the exchanges and queues on the bus; an exchange and its queue bear the same name.</summary>
public static class Queues
{
    /// <summary>Orders about tasks (<see cref="Messages.SubmitTask"/> and others) for the coordinator.</summary>
    public const string Tasks = "scitq.tasks";

    /// <summary><see cref="Messages.ClaimTasks"/> for the coordinator.</summary>
    public const string Claims = "scitq.claims";

    /// <summary><see cref="Messages.AttemptReports"/> for the coordinator.</summary>
    public const string Reports = "scitq.reports";

    /// <summary><see cref="Messages.OutputAppended"/> for the coordinator.</summary>
    public const string Logs = "scitq.logs";

    /// <summary><see cref="Messages.RegisterWorker"/> and <see cref="Messages.WorkerHeartbeat"/> for the coordinator.</summary>
    public const string Workers = "scitq.workers";

    /// <summary><see cref="Messages.TaskQueued"/> for the agents of a batch.</summary>
    public static string Batch(string batch) => "scitq.batch." + batch;

    /// <summary>Answers and orders for one agent.</summary>
    public static string Worker(string worker) => "scitq.worker." + worker;
}
