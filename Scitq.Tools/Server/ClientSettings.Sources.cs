using Scitq.Tools.CommandLine;

namespace Scitq.Tools.Server;

/// <summary>A setting as it holds now.</summary>
/// <param name="Value">As it may be shown; null where nobody has set it.</param>
/// <param name="Source">Who has.</param>
internal sealed record SettingInForce(string? Value, string Source);

/// <summary>Where each setting comes from.</summary>
internal sealed partial class ClientSettings
{
    private const string Mask = "********";

    public SettingInForce InForce(ClientKey key)
    {
        try
        {
            var (value, source) = key.Name switch
            {
                "server" => ServerSetting(),
                "token" => TokenSetting(),
                _ => Plain(key),
            };
            if (value is null) return new SettingInForce(key.Default, key.Default is null ? "not set" : "default");
            return new SettingInForce(key.IsSecret ? Mask : key.Name == "server" ? ServerAddress.Parse(value).Shown : value, source);
        }
        catch (UsageException e)
        {
            return new SettingInForce(null, e.Message);
        }
    }

    private (string? Value, string Source) Plain(ClientKey key) =>
        key.Option is { } option && line.Has(option) ? (line.Value(option) is { Length: > 0 } given ? given : "true", $"option --{option}")
        : NotEmpty(io.Variable(key.Variable)) is { } variable ? (variable, Environment(key.Variable))
        : FileSetting(key.Name);

    private (string? Value, string Source) TokenSetting()
    {
        if (line.Value("token-file") is { } file) return (FromFile(file), "option --token-file");
        if (GivenToken() is { } token) return (token, Environment(NotEmpty(io.Variable("SCITQ_TOKEN")) is null ? "SCITQ_TOKEN_FILE" : "SCITQ_TOKEN"));
        if (Found(Server()).Token is { } own) return (own, "your own server on this machine");
        var inFile = FileSetting("token");
        return inFile.Value is not null ? inFile : (StoredToken(), FileSetting("token_file").Source);
    }

    private (string? Value, string Source) FileSetting(string member)
    {
        foreach (var (path, file) in _files.Value)
            if (Member(path, file, member, isSecret: member == "token") is { } value) return (value, path);
        return (null, "");
    }

    private static string Environment(string variable) => $"environment {variable}";
}
