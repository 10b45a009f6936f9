namespace Scitq.Contracts.Messages;

/// <summary>How busy a machine was since its agent last told. Percentages are of the whole machine, rates are bytes a second.</summary>
public sealed record WorkerStats
{
    /// <summary>Per cent of the processors' time spent working.</summary>
    public double Cpu { get; init; }

    /// <summary>Per cent of the processors' time spent idle because a disk was waited for.</summary>
    public double IoWait { get; init; }

    /// <summary>Load average over five minutes.</summary>
    public double Load5 { get; init; }

    /// <summary>Load average over fifteen minutes.</summary>
    public double Load15 { get; init; }

    /// <summary>Size in bytes of the disk that the work directories are on; null where that is not to be had.</summary>
    public long? DiskTotal { get; init; }

    /// <summary>Read from all its disks.</summary>
    public long DiskRead { get; init; }

    /// <summary>Written to all its disks.</summary>
    public long DiskWritten { get; init; }

    /// <summary>Received from the network.</summary>
    public long Received { get; init; }

    /// <summary>Sent to the network.</summary>
    public long Sent { get; init; }

    /// <summary>Its GPUs; null where there are none, or their driver does not answer.</summary>
    public IReadOnlyList<GpuStats>? Gpus { get; init; }
}

/// <summary>How busy a GPU is.</summary>
/// <param name="Use">Per cent of the time.</param>
/// <param name="MemoryUsed">Bytes of its memory that are in use.</param>
/// <param name="Memory">Bytes of its memory.</param>
public sealed record GpuStats(double Use, long MemoryUsed, long Memory);
