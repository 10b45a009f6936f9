namespace Scitq.Coordinator.Leases;

/// <summary>The way by which workers are heard.</summary>
internal interface ILink
{
    /// <summary>Since when messages come through; null while they do not.</summary>
    DateTime? UpSince { get; }
}
