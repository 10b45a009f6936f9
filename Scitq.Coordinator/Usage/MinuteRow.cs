namespace Scitq.Coordinator.Usage;

/// <summary>How busy a worker's machine was in one minute: the means of what its heartbeats told.</summary>
internal sealed class MinuteRow
{
    public long WorkerId { get; set; }

    /// <summary>Minutes since 1970, UTC.</summary>
    public int Minute { get; set; }

    /// <summary>How many heartbeats told.</summary>
    public int Samples { get; set; }

    public double Cpu { get; set; }

    public double IoWait { get; set; }

    public double Memory { get; set; }

    public double Load { get; set; }

    public double? Disk { get; set; }

    public double DiskRead { get; set; }

    public double DiskWritten { get; set; }

    public double Received { get; set; }

    public double Sent { get; set; }

    public double? Gpu { get; set; }

    public double? GpuMemory { get; set; }

    public UsageSample Sample => new(Cpu, IoWait, Memory, Load, Disk, DiskRead, DiskWritten, Received, Sent, Gpu, GpuMemory);

    /// <summary>Takes one more into the means.</summary>
    public void Add(UsageSample sample)
    {
        Samples++;
        Cpu = Mean(Cpu, sample.Cpu);
        IoWait = Mean(IoWait, sample.IoWait);
        Memory = Mean(Memory, sample.Memory);
        Load = Mean(Load, sample.Load);
        Disk = sample.Disk is { } disk ? Mean(Disk ?? disk, disk) : Disk;
        DiskRead = Mean(DiskRead, sample.DiskRead);
        DiskWritten = Mean(DiskWritten, sample.DiskWritten);
        Received = Mean(Received, sample.Received);
        Sent = Mean(Sent, sample.Sent);
        Gpu = sample.Gpu is { } gpu ? Mean(Gpu ?? gpu, gpu) : Gpu;
        GpuMemory = sample.GpuMemory is { } memory ? Mean(GpuMemory ?? memory, memory) : GpuMemory;

        double Mean(double before, double value) => before + (value - before) / Samples;
    }
}
