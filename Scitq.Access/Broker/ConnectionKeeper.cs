using RabbitMQ.Client;

namespace Scitq.Access.Broker;

/// <summary>
/// Keeps a connection: opens it anew, with growing pauses, for as long as this lives. Others wait for it here, so that what is wrong
/// with the broker is told in one place, each cause once.
/// </summary>
/// <param name="connection">The connection to keep.</param>
/// <param name="longestPause">Between two tries; the first pauses are shorter.</param>
/// <param name="time">Measures the pauses.</param>
public sealed class ConnectionKeeper(BrokerConnection connection, TimeSpan longestPause, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan NoticeAfter = TimeSpan.FromSeconds(2);
    private readonly CancellationTokenSource _end = new();
    private readonly Complaint _away = new();
    private volatile TaskCompletionSource _connected = NewConnected();
    private Task _keeping = Task.CompletedTask;
    private bool _wasThere;

    /// <summary>Called with each new cause for which there is no connection, and whether there has ever been one.</summary>
    public required Action<string, bool> Away { get; init; }

    /// <summary>
    /// Called when there is a connection, before anybody who waits for it goes on, with whether it is there again: after another one, or after a cause.
    /// </summary>
    public required Action<bool> Back { get; init; }

    /// <summary>Whether there is a connection now.</summary>
    public bool IsConnected => _connected.Task.IsCompleted;

    /// <summary>Begins to keep it.</summary>
    public void Start() => _keeping = KeepAsync(_end.Token);

    /// <summary>Returns once there is a connection.</summary>
    public Task ConnectedAsync(CancellationToken ct) => _connected.Task.WaitAsync(ct);

    /// <summary>Keeps it no longer; its owner closes it.</summary>
    public async ValueTask DisposeAsync()
    {
        // A container disposes of its owner once for each type that the owner stands for.
        if (_end.IsCancellationRequested) return;
        await _end.CancelAsync();
        await _keeping;
        _end.Dispose();
    }

    private static TaskCompletionSource NewConnected() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task KeepAsync(CancellationToken ct)
    {
        for (var pause = FirstPause; !ct.IsCancellationRequested; pause = pause * 2 < longestPause ? pause * 2 : longestPause)
        {
            try
            {
                if (await StayAsync(ct)) pause = FirstPause;
                // Many programs come back to a broker at the same moment.
                await Task.Delay(pause * (0.5 + Random.Shared.NextDouble()), time, ct);
            }
            catch (Exception) when (ct.IsCancellationRequested)
            {
                // Whatever a try fails with while it is given up.
                return;
            }
        }
    }

    /// <summary>Connects, and returns when the connection is gone; true if there was one.</summary>
    private async Task<bool> StayAsync(CancellationToken ct)
    {
        try
        {
            var opening = connection.OpenAsync(ct).AsTask();
            var late = await Task.WhenAny(opening, Task.Delay(NoticeAfter, time, ct)) != opening;
            if (late && !ct.IsCancellationRequested) Tell(BrokerFailure.Silence(connection.Broker));
            var opened = await opening;
            var gone = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            opened.ConnectionShutdownAsync += (_, shutdown) =>
            {
                gone.TrySetResult(BrokerFailure.Reason(shutdown, connection.Broker));
                return Task.CompletedTask;
            };
            // A virtual host that is not there, or a limit, is told only when something is asked for.
            var channel = await opened.CreateChannelAsync(cancellationToken: ct).WaitAsync(BrokerSettings.ConnectTimeout, time, ct);
            await channel.DisposeAsync();
            Back(_away.IsOver() | _wasThere);
            _wasThere = true;
            _connected.TrySetResult();
            var why = await gone.Task.WaitAsync(ct);
            _connected = NewConnected();
            Tell(why);
            return true;
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            // Whatever is wrong with the broker, its administrator may mend it: say so and go on trying.
            Tell(BrokerFailure.Reason(e, connection.Broker));
            await connection.CloseAsync();
            return false;
        }
    }

    private void Tell(string why)
    {
        if (_away.IsNew(why)) Away(why, _wasThere);
    }
}
