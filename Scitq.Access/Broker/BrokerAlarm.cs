using RabbitMQ.Client;

namespace Scitq.Access.Broker;

/// <summary>
/// Whether the broker holds a program back: under a memory or disk alarm it takes nothing more from a connection that
/// publishes, and says so only then. What was sent meanwhile arrives when the alarm is over.
/// </summary>
public sealed class BrokerAlarm(TimeProvider time)
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _over = Done();
    private string? _reason;
    private long? _ended;

    /// <summary>Raised with the reason when the broker tells of an alarm, and with null when it tells that the alarm is over.</summary>
    public event Action<string?>? Changed;

    /// <summary>The broker's own word for the alarm; null when there is none.</summary>
    public string? Reason => Volatile.Read(ref _reason);

    /// <summary>The alarm as people are told of it; null when there is none.</summary>
    public string? Problem => Reason is { } reason ? Say(reason) : null;

    /// <summary>Completes when there is no alarm.</summary>
    public Task Over
    {
        get
        {
            lock (_lock) return _over.Task;
        }
    }

    /// <summary>An alarm as people are told of it.</summary>
    public static string Say(string reason) => $"the broker takes nothing: memory or disk alarm ({reason})";

    /// <summary>Whether there is one, or was within this time.</summary>
    public bool Within(TimeSpan span)
    {
        lock (_lock) return _reason is not null || (_ended is { } ended && time.GetElapsedTime(ended) < span);
    }

    /// <summary>Listens to this connection; when that closes its alarm is over, for the next one has its own.</summary>
    public void Follow(IConnection connection)
    {
        connection.ConnectionBlockedAsync += (_, blocked) => SetAsync(blocked.Reason, told: true);
        connection.ConnectionUnblockedAsync += (_, _) => SetAsync(null, told: true);
        connection.ConnectionShutdownAsync += (_, _) => SetAsync(null, told: false);
    }

    private static TaskCompletionSource Done()
    {
        var done = New();
        done.SetResult();
        return done;
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Task SetAsync(string? reason, bool told)
    {
        lock (_lock)
        {
            if (reason is not null && _reason is null) _over = New();
            if (reason is null && _reason is not null) _ended = time.GetTimestamp();
            if (reason == _reason) return Task.CompletedTask;
            _reason = reason;
            if (reason is null) _over.TrySetResult();
        }

        if (told) Changed?.Invoke(reason);
        return Task.CompletedTask;
    }
}
