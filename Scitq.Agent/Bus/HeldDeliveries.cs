using Scitq.Contracts.Messages;

namespace Scitq.Agent.Bus;

/// <summary>
/// The deliveries of a batch's queue on the bus in memory. That bus loses a message while it hands it to a receiver that stops, so the receiver goes on
/// for as long as the batch is the worker's, and its deliveries are held here, in the order of their arrival, while the worker does not listen.
/// </summary>
/// <param name="take">Takes a message; false says that it is to come again.</param>
/// <param name="giveBack">Sends a message to its queue once more.</param>
/// <param name="time">Measures patience.</param>
internal sealed class HeldDeliveries(Func<TaskQueued, CancellationToken, Task<bool>> take, Func<TaskQueued, Task> giveBack, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly Lock _lock = new();
    private readonly PriorityQueue<Held, long> _waiting = new();
    private readonly SemaphoreSlim _count = new(0);
    private long _arrivals;
    private bool _ended;
    private Session? _session;
    private Task _handing = Task.CompletedTask;

    /// <summary>A message has come: returns once it is taken or given back.</summary>
    public Task HoldAsync(TaskQueued message, CancellationToken ct)
    {
        var held = new Held(message, Interlocked.Increment(ref _arrivals));
        return Put(held) ? held.Done.Task.WaitAsync(ct) : giveBack(message);
    }

    /// <summary>Begins to hand them over, so many at once.</summary>
    public async Task OpenAsync(int prefetch)
    {
        await CloseAsync();
        _session = new Session(prefetch, time);
        _handing = HandOverAsync(_session);
    }

    /// <summary>Hands nothing over any more; returns once none is in hand.</summary>
    public async Task CloseAsync()
    {
        if (_session is not { } session) return;
        _session = null;
        await session.Closing.CancelAsync();
        await _handing;
        // A claim that is under way should have its answer, or the lease would be nobody's until it is missed.
        session.InHand.CancelAfter(Patience);
        for (var i = 0; i < session.Prefetch; i++) await session.Room.WaitAsync();
        session.Dispose();
    }

    /// <summary>Gives back those that nobody has taken, and all that come from now on.</summary>
    public async Task EndAsync()
    {
        await CloseAsync();
        lock (_lock) _ended = true;
        while (_waiting.TryDequeue(out var held, out _))
        {
            await giveBack(held.Message);
            held.Done.TrySetResult();
        }
    }

    public void Dispose() => _count.Dispose();

    private bool Put(Held held)
    {
        lock (_lock)
        {
            if (_ended) return false;
            _waiting.Enqueue(held, held.Arrival);
        }

        _count.Release();
        return true;
    }

    private async Task HandOverAsync(Session session)
    {
        try
        {
            while (true)
            {
                await session.Room.WaitAsync(session.Closing.Token);
                try
                {
                    await _count.WaitAsync(session.Closing.Token);
                }
                catch (OperationCanceledException)
                {
                    session.Room.Release();
                    throw;
                }

                Held held;
                lock (_lock) held = _waiting.Dequeue();
                _ = HandOverAsync(session, held);
            }
        }
        catch (OperationCanceledException) when (session.Closing.IsCancellationRequested)
        {
            // The worker does not listen any more.
        }
    }

    private async Task HandOverAsync(Session session, Held held)
    {
        try
        {
            if (await take(held.Message, session.InHand.Token))
            {
                held.Done.TrySetResult();
                return;
            }

            // It had no room, or no answer: neither changes at once.
            await Task.WhenAny(Task.Delay(Pause, time, session.Closing.Token));
            Put(held);
        }
        catch (Exception e)
        {
            // The bus puts it into its error queue; the coordinator misses it and sends another.
            held.Done.TrySetException(e);
        }
        finally
        {
            session.Room.Release();
        }
    }

    /// <summary>One message and what its receiver waits for.</summary>
    private sealed record Held(TaskQueued Message, long Arrival)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>A time during which the worker listens.</summary>
    private sealed class Session(int prefetch, TimeProvider time) : IDisposable
    {
        public int Prefetch => prefetch;

        public SemaphoreSlim Room { get; } = new(prefetch);

        public CancellationTokenSource Closing { get; } = new();

        public CancellationTokenSource InHand { get; } = new(Timeout.InfiniteTimeSpan, time);

        public void Dispose()
        {
            Room.Dispose();
            Closing.Dispose();
            InHand.Dispose();
        }
    }
}
