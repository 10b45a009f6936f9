namespace Scitq.Agent.Disk;

/// <summary>Keeps things on the disk that can be had again.</summary>
internal interface IEvictable
{
    /// <summary>Removes one thing that nobody uses; false when there is none.</summary>
    bool EvictOne();
}
