namespace Scitq.Agent.Staging;

/// <summary>A resource that stays where it is until this is disposed of.</summary>
internal sealed class ResourceLease(string data, long fetched, string? warning, Action done) : IDisposable
{
    /// <summary>Its directory.</summary>
    public string Data => data;

    /// <summary>Bytes that were fetched for it just now.</summary>
    public long Fetched => fetched;

    /// <summary>What its user should know.</summary>
    public string? Warning => warning;

    public void Dispose() => done();
}
