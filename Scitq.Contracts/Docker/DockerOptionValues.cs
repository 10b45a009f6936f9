using System.Globalization;
using System.Text;

namespace Scitq.Contracts.Docker;

/// <summary>Values of single options in docker's notations: each is the value or, in one phrase, what is wrong with it.</summary>
internal static class DockerOptionValues
{
    private static readonly string[] UlimitNames =
        ["core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio", "rttime", "sigpending", "stack"];

    private static readonly string[] VolumeModes =
        ["ro", "rw", "z", "Z", "nocopy", "cached", "delegated", "consistent", "shared", "rshared", "slave", "rslave", "private", "rprivate"];

    public static string? Add<T>((T? Value, string? Problem) read, List<T> list)
        where T : class
    {
        if (read.Value is null) return read.Problem;
        list.Add(read.Value);
        return null;
    }

    public static bool? Boolean(string value) => value switch
    {
        "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
        "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
        _ => null,
    };

    public static bool TrySize(string value, out long bytes)
    {
        bytes = 0;
        if (DockerOptionPatterns.Size().Match(value) is not { Success: true } match) return false;
        var unit = match.Groups[2].Length == 0 ? 0 : "kmgtp".IndexOf(char.ToLowerInvariant(match.Groups[2].ValueSpan[0])) + 1;
        if (!decimal.TryParse(match.Groups[1].ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)) return false;
        if (number > long.MaxValue >> (10 * unit)) return false;
        bytes = (long)(number * (1L << (10 * unit)));
        return true;
    }

    public static string? TargetProblem(string path)
    {
        if (!path.StartsWith('/')) return $"mounts at '{path}', which is not an absolute path.";
        return path.Split('/').All(p => p is "" or ".") || path.Split('/').Contains("..") ? $"can't be mounted at '{path}'." : null;
    }

    public static (DockerVolume?, string?) Volume(string value)
    {
        var parts = value.Split(':');
        if (parts.Length > 3 || parts.Any(p => p.Length == 0)) return (null, "is not of the form host-path:container-path[:ro].");
        var (source, target) = parts.Length == 1 ? (null, parts[0]) : (parts[0], parts[1]);
        if (TargetProblem(target) is { } problem) return (null, problem);
        if (source is not null && !source.StartsWith('/') && !DockerOptionPatterns.Name().IsMatch(source))
            return (null, "has a relative host path; the worker wants an absolute one (or a volume's name).");
        var mode = parts.Length == 3 ? parts[2] : null;
        if (mode?.Split(',').FirstOrDefault(m => !VolumeModes.Contains(m)) is { } wrong) return (null, $"has the unknown mode '{wrong}'.");
        return (new DockerVolume(source, target, mode), null);
    }

    public static (DockerMount?, string?) Mount(string value)
    {
        if (Fields(value) is not { } fields) return (null, "has an unclosed quote.");
        var mount = new DockerMount();
        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var field in fields)
        {
            var equals = field.IndexOf('=', StringComparison.Ordinal);
            var (key, text) = equals < 0 ? (field.ToLowerInvariant(), null) : (field[..equals].ToLowerInvariant(), field[(equals + 1)..]);
            var flag = text is null ? true : Boolean(text);
            switch (key)
            {
                case "type" when text is "bind" or "volume" or "tmpfs": mount = mount with { Type = text }; break;
                case "source" or "src" when text is { Length: > 0 }: mount = mount with { Source = text }; break;
                case "target" or "dst" or "destination" when text is not null:
                    if (TargetProblem(text) is { } problem) return (null, problem);
                    mount = mount with { Target = text };
                    break;
                case "readonly" or "ro" when flag is not null: mount = mount with { ReadOnly = flag.Value }; break;
                case "bind-propagation" when text is "shared" or "rshared" or "slave" or "rslave" or "private" or "rprivate":
                    mount = mount with { Propagation = text };
                    break;
                case "bind-nonrecursive" when flag is not null: mount = mount with { NonRecursive = flag.Value }; break;
                case "volume-nocopy" when flag is not null: mount = mount with { NoCopy = flag.Value }; break;
                case "volume-driver" when text is { Length: > 0 }: mount = mount with { VolumeDriver = text }; break;
                case "volume-opt" when text?.IndexOf('=', StringComparison.Ordinal) is > 0 and var at: options[text[..at]] = text[(at + 1)..]; break;
                case "tmpfs-size" when text is not null && TrySize(text, out var size): mount = mount with { TmpfsSize = size }; break;
                case "tmpfs-mode" when text is { Length: > 0 and < 7 } && text.All(c => c is >= '0' and <= '7'):
                    mount = mount with { TmpfsMode = Convert.ToInt32(text, 8) };
                    break;
                case "consistency" when text is not null: break;       // means something on other systems only
                default: return (null, $"has '{field}', which is unknown or has a wrong value.");
            }
        }

        mount = mount with { VolumeOptions = options };
        if (mount.Target.Length == 0) return (null, "has no target=….");
        return mount switch
        {
            { Type: "bind", Source: null } => (null, "is of type bind and has no source=…."),
            { Type: "bind", Source: [not '/', ..] } => (null, "has a relative source; the worker wants an absolute path."),
            { Type: "volume", Source: { } name } when !DockerOptionPatterns.Name().IsMatch(name) =>
                (null, "has a source that is no volume's name; type=bind mounts a directory of the worker."),
            { Type: "tmpfs", Source: not null } => (null, "is of type tmpfs, which has no source."),
            { Type: not "tmpfs", TmpfsSize: not null } or { Type: not "tmpfs", TmpfsMode: not null } => (null, "has tmpfs-… options and is not of type=tmpfs."),
            { Type: not "bind", Propagation: not null } or { Type: not "bind", NonRecursive: true } => (null, "has bind-… options and is not of type=bind."),
            { Type: not "volume", NoCopy: true } or { Type: not "volume", VolumeDriver: not null } => (null, "has volume-… options and is not of type=volume."),
            _ => (mount, null),
        };
    }

    public static (DockerGpus?, string?) Gpus(string value)
    {
        const string Form = "is not all, a number, or device=0,1.";
        if (Fields(value) is not { Count: > 0 } fields) return (null, Form);
        int? count = null;
        var driver = "";
        var devices = new List<string>();
        var capabilities = new List<string> { "gpu" };
        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        var inDevices = false;
        foreach (var field in fields)
        {
            var equals = field.IndexOf('=', StringComparison.Ordinal);
            var (key, text) = equals < 0 ? ("", field) : (field[..equals], field[(equals + 1)..]);
            if (text.Length == 0) return (null, Form);
            // docker wants quotes around device=0,1; what can only be meant is taken without them too.
            if (key.Length == 0 && inDevices) { devices.Add(text); continue; }
            inDevices = key == "device";
            switch (key)
            {
                case "" or "count" when count is null:
                    if (text == "all") count = -1;
                    else if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0) count = number;
                    else return (null, Form);
                    break;
                case "device": devices.AddRange(text.Split(',')); break;
                case "driver": driver = text; break;
                case "capabilities": capabilities.AddRange(text.Split(',').Where(c => c.Length > 0 && !capabilities.Contains(c))); break;
                case "options":
                    foreach (var option in text.Split(','))
                    {
                        if (option.IndexOf('=', StringComparison.Ordinal) is not (> 0 and var at))
                            return (null, $"has the option '{option}', which is not of the form name=value.");
                        options[option[..at]] = option[(at + 1)..];
                    }

                    break;
                default: return (null, Form);
            }
        }

        if (devices.Count > 0 && count is not null) return (null, "has both a count and devices.");
        if (devices.Any(d => !DockerOptionPatterns.GpuDevice().IsMatch(d))) return (null, Form);
        // As docker does: no count and no device, but a capability or a driver, mean one device.
        return (new DockerGpus(devices.Count > 0 ? 0 : count ?? 1, devices, driver, capabilities, options), null);
    }

    public static (DockerUlimit?, string?) Ulimit(string value)
    {
        var equals = value.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0) return (null, "is not of the form nofile=1024:2048.");
        var name = value[..equals];
        if (!UlimitNames.Contains(name)) return (null, $"has the unknown limit '{name}'; docker knows {string.Join(", ", UlimitNames)}.");
        var parts = value[(equals + 1)..].Split(':');
        if (parts.Length > 2 || Limit(parts[0]) is not { } soft || Limit(parts[^1]) is not { } hard) return (null, "is not of the form nofile=1024:2048.");
        if (hard != -1 && (soft == -1 || soft > hard)) return (null, "has a soft limit above the hard one.");
        return (new DockerUlimit(name, soft, hard), null);

        static long? Limit(string text)
        {
            if (text is "-1" or "unlimited") return -1;
            return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
        }
    }

    public static (DockerDevice?, string?) Device(string value)
    {
        var parts = value.Split(':');
        if (parts.Length > 3 || !parts[0].StartsWith('/')) return (null, "is not of the form /dev/x[:/dev/y][:rwm].");
        var permissions = parts.Length > 1 && IsPermissions(parts[^1]) ? parts[^1] : "rwm";
        var target = parts.Length > 1 && !IsPermissions(parts[1]) ? parts[1] : parts[0];
        if (!target.StartsWith('/') || (parts.Length == 3 && (!IsPermissions(parts[2]) || IsPermissions(parts[1]))))
            return (null, "is not of the form /dev/x[:/dev/y][:rwm].");
        return (new DockerDevice(parts[0], target, permissions), null);

        static bool IsPermissions(string text) => text.Length is > 0 and < 4 && text.All("rwm".Contains);
    }

    public static (DockerDeviceRate?, string?) Rate(string value, bool bytes)
    {
        var colon = value.LastIndexOf(':');
        if (colon <= 0 || value[0] != '/') return (null, "is not of the form /dev/x:rate.");
        var text = value[(colon + 1)..];
        var rate = 0L;
        if (bytes ? !TrySize(text, out rate) : !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out rate))
            return (null, $"has the wrong rate '{text}'.");
        return (new DockerDeviceRate(value[..colon], rate), null);
    }

    // One line of comma-separated values, quoted as in CSV.
    private static List<string>? Fields(string line)
    {
        var fields = new List<string>();
        var field = new StringBuilder();
        var quoted = false;
        for (var i = 0; i < line.Length; i++)
        {
            if (quoted && line[i] == '"' && i + 1 < line.Length && line[i + 1] == '"') { field.Append('"'); i++; }
            else if (line[i] == '"' && (quoted || field.Length == 0)) quoted = !quoted;
            else if (line[i] == ',' && !quoted) { fields.Add(field.ToString()); field.Clear(); }
            else field.Append(line[i]);
        }

        if (quoted) return null;
        fields.Add(field.ToString());
        return fields;
    }
}
