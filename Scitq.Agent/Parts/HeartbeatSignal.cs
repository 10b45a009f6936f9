namespace Scitq.Agent.Parts;

/// <summary>Lets the next heartbeat follow at once, when there is something new to tell.</summary>
internal sealed class HeartbeatSignal(TimeProvider time)
{
    private readonly Signal _signal = new(time);

    public void BeatSoon() => _signal.Set();

    /// <summary>Returns when the next heartbeat is due.</summary>
    public Task WaitAsync(TimeSpan interval, CancellationToken ct) => _signal.WaitAsync(interval, ct);
}
