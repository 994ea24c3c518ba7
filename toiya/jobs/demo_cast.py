"""The people and companies of the demo. All of them are invented."""

import datetime as dt
from dataclasses import dataclass, field

from toiya.membership.models import HoldingKind
from toiya.membership.registration import HoldingDetails, ProfileDetails
from toiya.relations.models import Channel

OPERATOR_DOMAIN = "tsubame.example"
MEMBERSHIP_LOGIN = "yui.yoshida"
WORDS = {
    "name_ja": "ツバメ クラウド パートナー プログラム",
    "name_en": "Tsubame Cloud Partner Programme",
    "operator_name_ja": "ツバメ クラウド",
    "operator_name_en": "Tsubame Cloud",
    "membership_id_ja": "ツバメ メンバーシップ ID",
    "membership_id_en": "Tsubame membership ID",
    "membership_site_ja": "ツバメ メンバーシップ サイト",
    "membership_site_en": "Tsubame membership site",
    "support_email": "partners@tsubame.example",
}
COUNTRIES = (
    ("JP", "JPY", "Japan", 1000),
    ("US", "USD", "Americas", 0),
    ("SG", "SGD", "Asia", 900),
    ("KR", "KRW", "Asia", 1000),
    ("DE", "EUR", "Europe", 1900),
)
AGREEMENT = {
    "title_ja": "間接リセラー契約",
    "title_en": "Indirect reseller agreement",
    "text_ja": (
        "第 1 条 (目的)\nツバメ クラウドのサービスを顧客に再販する間接リセラーの権利と義務を定めます。\n\n"
        "第 2 条 (間接プロバイダー)\n間接リセラーは、認定された間接プロバイダーからサービスを調達します。\n\n"
        "第 3 条 (顧客の同意)\n顧客のテナントの管理は、顧客の全体管理者が同意した範囲に限ります。\n\n"
        "第 4 条 (守秘)\n業務上知り得た情報を目的外に使用せず、第三者に開示しません。\n\n"
        "第 5 条 (停止)\n運営会社は、契約への違反があった場合、理由を示してパートナーを停止できます。\n\n"
        "これはデモのための文面であり、法的な効力はありません。"
    ),
    "text_en": (
        "1. Purpose\nThis agreement sets out the rights and duties of an indirect reseller that resells "
        "services of Tsubame Cloud to its customers.\n\n"
        "2. Indirect providers\nThe reseller obtains the services through official indirect providers.\n\n"
        "3. Consent of the customer\nThe reseller administers a customer's tenant only as far as the "
        "customer's global administrator has consented.\n\n"
        "4. Confidentiality\nInformation obtained in the course of business is used for its purpose only "
        "and not disclosed.\n\n"
        "5. Suspension\nThe operator may suspend a partner that breaches this agreement, and states the "
        "reason.\n\n"
        "This text belongs to a demo and has no legal effect."
    ),
}
CUSTOMER_AGREEMENT = {
    "title_ja": "顧客契約",
    "title_en": "Customer agreement",
    "text_ja": (
        "第 1 条 (サービス)\n顧客は、パートナーを通じてツバメ クラウドのサービスを利用します。\n\n"
        "第 2 条 (管理者アクセス権)\nパートナーの管理者アクセス権は顧客が同意した範囲に限り、いつでも取り消せます。"
        "\n\n"
        "第 3 条 (データ)\n顧客のデータは顧客のものです。\n\n"
        "これはデモのための文面であり、法的な効力はありません。"
    ),
    "text_en": (
        "1. Services\nThe customer uses services of Tsubame Cloud through partners.\n\n"
        "2. Administrator access\nA partner administers only as far as the customer has consented, and the customer "
        "can end that at any time.\n\n"
        "3. Data\nThe customer's data belongs to the customer.\n\n"
        "This text belongs to a demo and has no legal effect."
    ),
}


@dataclass(frozen=True, slots=True)
class Company:
    """A company with its first administrator."""

    domain: str
    name: str
    reading: str
    latin_name: str
    user: str
    person: str
    country: str = "JP"
    phone: str = "03-1234-5678"

    @property
    def language(self) -> str:
        """Companies in Japan write Japanese."""
        return "ja" if self.country == "JP" else "en"

    @property
    def email(self) -> str:
        """Where the administrator reads mail."""
        return f"{self.user}@mail.{self.domain}"


@dataclass(frozen=True, slots=True)
class ProviderCompany(Company):
    """A provider with what its directory entry says."""

    summary_ja: str = ""
    summary_en: str = ""
    countries: tuple[str, ...] = ("JP",)
    languages: str = "ja,en"
    technical_support: bool = True
    marketing_help: bool = False
    financing: bool = False
    onboarding_days: int = 5


@dataclass(frozen=True, slots=True)
class CustomerCompany(Company):
    """A customer, and how it was won."""

    channel: Channel = Channel.OWN_MARKETING
    won_days_ago: int = 30
    together: bool = field(default=True)


HINODE = ProviderCompany(
    "hinode.example",
    "ヒノデ商事",
    "ひのでしょうじ",
    "Hinode Trading",
    "mei",
    "鈴木 芽衣",
    summary_ja="首都圏を中心に、中小のリセラーを立ち上げから支えます。請求は円建て、締め支払いに対応します。",
    summary_en="Helps small resellers in greater Tokyo from the first day. Bills in yen, with payment terms.",
    marketing_help=True,
    financing=True,
    onboarding_days=3,
)
PROVIDERS = (
    HINODE,
    ProviderCompany(
        "midori.example",
        "ミドリ流通",
        "みどりりゅうつう",
        "Midori Distribution",
        "jun",
        "小林 淳",
        phone="06-6123-4567",
        summary_ja="関西の製造業に強い間接プロバイダーです。24 時間の技術サポートがあります。",
        summary_en="Strong in manufacturing in western Japan, with technical support around the clock.",
    ),
    ProviderCompany(
        "asagi.example",
        "アサギ販売",
        "あさぎはんばい",
        "Asagi Sales",
        "rin",
        "松本 凜",
        phone="052-123-4567",
        summary_ja="学校と医療機関向けの販売を専門とします。",
        summary_en="Specialises in schools and clinics.",
        technical_support=False,
        financing=True,
        onboarding_days=10,
    ),
    ProviderCompany(
        "nagisa.example",
        "ナギサ ネットワークス",
        "なぎさねっとわーくす",
        "Nagisa Networks",
        "shun",
        "井上 駿",
        phone="092-123-4567",
        summary_ja="九州と東南アジアのリセラーを結びます。",
        summary_en="Connects resellers in Kyushu and Southeast Asia.",
        countries=("JP", "SG"),
        marketing_help=True,
        onboarding_days=7,
    ),
    ProviderCompany(
        "kestrel.example",
        "Kestrel Distribution",
        "",
        "Kestrel Distribution",
        "dana",
        "Dana Whitfield",
        country="US",
        phone="+1 206-555-0142",
        summary_ja="北米全域のリセラーに、日本語の窓口も用意しています。",
        summary_en="Serves resellers across North America, with a Japanese desk.",
        countries=("US", "JP"),
        financing=True,
        onboarding_days=2,
    ),
    ProviderCompany(
        "harborline.example",
        "Harborline Supply",
        "",
        "Harborline Supply",
        "omar",
        "Omar Castellano",
        country="US",
        phone="+1 312-555-0178",
        summary_en="Hardware and cloud in one order, for resellers in the Midwest.",
        countries=("US",),
        languages="en",
        technical_support=False,
        marketing_help=True,
        onboarding_days=14,
    ),
)
KAWASE = Company(
    "kawase.example",
    "カワセシステムズ",
    "かわせしすてむず",
    "Kawase Systems",
    "kai",
    "渡辺 海",
    phone="03-2345-6789",
)
YAMABUKI = Company(
    "yamabuki.example",
    "ヤマブキ情報",
    "やまぶきじょうほう",
    "Yamabuki Information",
    "yui",
    "吉田 結衣",
    phone="045-123-4567",
)
AOBA = CustomerCompany(
    "aoba.example", "アオバ工業", "あおばこうぎょう", "Aoba Industries", "emi", "山本 恵美", won_days_ago=40
)
AOBA_PEOPLE = (
    ("taro", "加藤 太郎"),
    ("sakura", "井上 さくら"),
    ("jiro", "石井 次郎"),
    ("yoko", "前田 陽子"),
    ("akira", "藤田 明"),
    ("midori", "小川 緑"),
)
CUSTOMERS = (
    AOBA,
    CustomerCompany(
        "komadori.example",
        "コマドリ製菓",
        "こまどりせいか",
        "Komadori Sweets",
        "nana",
        "斎藤 奈々",
        won_days_ago=35,
    ),
    CustomerCompany(
        "momiji.example",
        "モミジ書店",
        "もみじしょてん",
        "Momiji Books",
        "ken",
        "木村 健",
        won_days_ago=28,
        together=False,
        channel=Channel.OPERATOR_REFERRAL,
    ),
    CustomerCompany(
        "hayabusa.example",
        "ハヤブサ運輸",
        "はやぶさうんゆ",
        "Hayabusa Freight",
        "ryo",
        "林 涼",
        won_days_ago=21,
    ),
    CustomerCompany(
        "suzume.example",
        "スズメ設計",
        "すずめせっけい",
        "Suzume Architects",
        "mio",
        "清水 澪",
        won_days_ago=9,
        together=False,
    ),
)
# Companies that nobody in the demo serves yet; two of them are in the register of an older portal.
HIBARI = Company("hibari.example", "ヒバリ食品", "ひばりしょくひん", "Hibari Foods", "hana", "池田 花")
OLDER_CUSTOMERS = (
    (
        Company("tsugumi.example", "ツグミ商会", "つぐみしょうかい", "Tsugumi Shokai", "goro", "橋本 吾郎"),
        "旧パートナー ポータル",
    ),
    (
        Company("shirasagi.example", "シラサギ医院", "しらさぎいいん", "Shirasagi Clinic", "aya", "阿部 彩"),
        "旧パートナー ポータル",
    ),
)
KAWASE_PROFILE = ProfileDetails(
    "7104221",
    "カワセシステムズ株式会社",
    "JP",
    reading="かわせしすてむず",
    latin_name="Kawase Systems",
    postal_code="101-0051",
    region="東京都",
    city="千代田区",
    street="神田神保町 1-2-3",
    phone="03-2345-6789",
)
YAMABUKI_PROFILES = (
    ProfileDetails(
        "7250318",
        "ヤマブキ情報株式会社",
        "JP",
        reading="やまぶきじょうほう",
        latin_name="Yamabuki Information",
        postal_code="220-0012",
        region="神奈川県",
        city="横浜市西区",
        street="みなとみらい 4-5-6",
        phone="045-123-4567",
        holdings=(
            HoldingDetails(HoldingKind.BENEFIT, "社内利用ライセンス 10 本", "10 licenses for internal use"),
            HoldingDetails(HoldingKind.COMPETENCY, "中小企業向けクラウド", "Cloud for small businesses"),
        ),
    ),
    ProfileDetails(
        "7250319",
        "ヤマブキ情報 旧本社",
        "JP",
        latin_name="Yamabuki Information, former head office",
        inactive_since=dt.date(2025, 3, 31),
    ),
    ProfileDetails(
        "8810042", "Yamabuki Information America", "US", latin_name="Yamabuki Information America"
    ),
)
