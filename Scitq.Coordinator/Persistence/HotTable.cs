using System.Data.Common;
using System.Linq.Expressions;
using System.Reflection;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;
using Npgsql;
using NpgsqlTypes;

namespace Scitq.Coordinator.Persistence;

/// <summary>
/// A table of the EF model for the hot path: whole sets of rows travel as one array a column (PostgreSQL's unnest),
/// without a change tracker. Names and conversions are the model's, so the two can't differ.
/// </summary>
internal sealed class HotTable<TRow>
    where TRow : class
{
    public HotTable(IModel model)
    {
        var entity = model.FindEntityType(typeof(TRow))!;
        Name = entity.GetAnnotation("Relational:TableName").Value!.ToString()!;
        var create = typeof(HotTable<TRow>).GetMethod(nameof(Create), BindingFlags.NonPublic | BindingFlags.Static)!;
        Columns = [.. entity.GetProperties().Select(p => (Column)create.MakeGenericMethod(p.ClrType, Provider(p)).Invoke(null, [p])!)];
    }

    public string Name { get; }

    public IReadOnlyList<Column> Columns { get; }

    public string Names(IEnumerable<Column>? columns = null) => string.Join(", ", (columns ?? Columns).Select(c => c.Name));

    public IReadOnlyList<Column> Except(params string[] names) => [.. Columns.Where(c => !names.Contains(c.Name))];

    public TRow Read(DbDataReader reader, Func<TRow> create)
    {
        var row = create();
        for (var i = 0; i < Columns.Count; i++) Columns[i].Read(reader, i, row);
        return row;
    }

    private static Type Provider(IProperty property)
    {
        var converted = property.GetValueConverter()?.ProviderClrType ?? Nullable.GetUnderlyingType(property.ClrType) ?? property.ClrType;
        return converted.IsValueType && Nullable.GetUnderlyingType(property.ClrType) is not null ? typeof(Nullable<>).MakeGenericType(converted) : converted;
    }

    private static Column<TValue, TProvider> Create<TValue, TProvider>(IProperty property) => new(property);

    /// <summary>One column of the table.</summary>
    internal abstract class Column(string name)
    {
        public string Name { get; } = name;

        /// <summary>The type in SQL, for <c>unnest</c>.</summary>
        public abstract string SqlType { get; }

        public abstract NpgsqlParameter Array(IReadOnlyList<TRow> rows);

        public abstract object Value(TRow row);

        public abstract void Read(DbDataReader reader, int ordinal, TRow row);
    }

    /// <summary>A column whose property is a <typeparamref name="TValue"/> and whose stored form a <typeparamref name="TProvider"/>.</summary>
    internal sealed class Column<TValue, TProvider> : Column
    {
        private readonly Func<TRow, TProvider> _get;
        private readonly Action<TRow, TProvider> _set;
        private readonly NpgsqlDbType _type;

        public Column(IProperty property)
            : base(property.GetAnnotation("Relational:ColumnName").Value!.ToString()!)
        {
            var json = property.FindAnnotation("Relational:ColumnType")?.Value is "jsonb";
            (_type, SqlType) = (Nullable.GetUnderlyingType(typeof(TProvider)) ?? typeof(TProvider)) switch
            {
                var t when t == typeof(Guid) => (NpgsqlDbType.Uuid, "uuid"),
                var t when t == typeof(long) => (NpgsqlDbType.Bigint, "bigint"),
                var t when t == typeof(int) => (NpgsqlDbType.Integer, "integer"),
                var t when t == typeof(bool) => (NpgsqlDbType.Boolean, "boolean"),
                var t when t == typeof(double) => (NpgsqlDbType.Double, "double precision"),
                var t when t == typeof(DateTime) => (NpgsqlDbType.TimestampTz, "timestamptz"),
                var t when t == typeof(string) => json ? (NpgsqlDbType.Jsonb, "jsonb") : (NpgsqlDbType.Text, "text"),
                var t => throw new NotSupportedException($"Column {Name} has the type {t}."),
            };

            var row = Expression.Parameter(typeof(TRow));
            var provider = Expression.Parameter(typeof(TProvider));
            var value = Expression.Property(row, property.PropertyInfo!);
            var converter = property.GetValueConverter();
            _get = Expression.Lambda<Func<TRow, TProvider>>(Convert(converter?.ConvertToProviderExpression, value, typeof(TProvider)), row).Compile();
            var assign = Expression.Assign(value, Convert(converter?.ConvertFromProviderExpression, provider, typeof(TValue)));
            _set = Expression.Lambda<Action<TRow, TProvider>>(assign, row, provider).Compile();
        }

        public override string SqlType { get; }

        public override NpgsqlParameter Array(IReadOnlyList<TRow> rows)
        {
            var values = new TProvider[rows.Count];
            for (var i = 0; i < values.Length; i++) values[i] = _get(rows[i]);
            return new NpgsqlParameter<TProvider[]> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | _type };
        }

        public override object Value(TRow row) => (object?)_get(row) ?? DBNull.Value;

        public override void Read(DbDataReader reader, int ordinal, TRow row) =>
            _set(row, reader.IsDBNull(ordinal) ? default! : reader.GetFieldValue<TProvider>(ordinal));

        /// <summary>The conversion, which the model states for values, lifted to nulls.</summary>
        private static Expression Convert(LambdaExpression? conversion, Expression from, Type to)
        {
            if (conversion is null) return from.Type == to ? from : Expression.Convert(from, to);
            var input = conversion.Parameters[0].Type;
            var plain = from.Type == input ? from : Expression.Convert(from, input);
            Expression converted = Expression.Invoke(conversion, plain);
            if (converted.Type != to) converted = Expression.Convert(converted, to);
            var nullable = !from.Type.IsValueType || Nullable.GetUnderlyingType(from.Type) is not null;
            return nullable ? Expression.Condition(Expression.Equal(from, Expression.Constant(null, from.Type)), Expression.Default(to), converted) : converted;
        }
    }
}
