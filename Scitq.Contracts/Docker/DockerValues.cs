namespace Scitq.Contracts.Docker;

/// <summary>One <c>--gpus</c>.</summary>
/// <param name="Count">How many; -1 is all, 0 with <paramref name="DeviceIds"/>.</param>
/// <param name="DeviceIds">Indices or UUIDs of the devices wanted.</param>
/// <param name="Driver">The driver's name; empty is any that can.</param>
/// <param name="Capabilities">The capabilities that the driver must offer; always holds <c>gpu</c>.</param>
/// <param name="Options">Options for the driver.</param>
public sealed record DockerGpus(
    int Count, IReadOnlyList<string> DeviceIds, string Driver, IReadOnlyList<string> Capabilities, IReadOnlyDictionary<string, string> Options);

/// <summary>One <c>--ulimit</c>.</summary>
/// <param name="Name">As in <c>nofile</c>.</param>
/// <param name="Soft">The soft limit; -1 is none.</param>
/// <param name="Hard">The hard limit; -1 is none.</param>
public sealed record DockerUlimit(string Name, long Soft, long Hard);

/// <summary>One <c>-v</c>.</summary>
/// <param name="Source">A host path or a volume's name; null makes a volume of its own.</param>
/// <param name="Target">The path in the container.</param>
/// <param name="Mode">As in <c>ro</c>; null when none was given.</param>
public sealed record DockerVolume(string? Source, string Target, string? Mode);

/// <summary>One <c>--device</c>.</summary>
/// <param name="Path">The device of the host.</param>
/// <param name="Target">Its path in the container.</param>
/// <param name="Permissions">Of the letters <c>rwm</c>.</param>
public sealed record DockerDevice(string Path, string Target, string Permissions);

/// <summary>A limit of one device's use.</summary>
/// <param name="Path">The device of the host.</param>
/// <param name="Rate">Bytes or operations a second.</param>
public sealed record DockerDeviceRate(string Path, long Rate);

/// <summary>One <c>--mount</c>.</summary>
public sealed record DockerMount
{
    /// <summary><c>bind</c>, <c>volume</c> or <c>tmpfs</c>.</summary>
    public string Type { get; init; } = "volume";

    /// <summary>A host path or a volume's name; null for tmpfs and for a volume of its own.</summary>
    public string? Source { get; init; }

    /// <summary>The path in the container.</summary>
    public string Target { get; init; } = "";

    /// <summary>Whether it can't be written to.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>How mounts below it propagate (bind).</summary>
    public string? Propagation { get; init; }

    /// <summary>Whether mounts below it are left out (bind).</summary>
    public bool NonRecursive { get; init; }

    /// <summary>Whether the image's files at the target are left out (volume).</summary>
    public bool NoCopy { get; init; }

    /// <summary>The volume's driver (volume).</summary>
    public string? VolumeDriver { get; init; }

    /// <summary>Options for that driver (volume).</summary>
    public IReadOnlyDictionary<string, string> VolumeOptions { get; init; } = new Dictionary<string, string>();

    /// <summary>Largest size in bytes (tmpfs).</summary>
    public long? TmpfsSize { get; init; }

    /// <summary>File mode of its root (tmpfs).</summary>
    public int? TmpfsMode { get; init; }
}
